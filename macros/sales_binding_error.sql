{#- Why the mapping cannot be applied to columns of these names and types; null where it can. -#}
{% macro sales_binding_error(names, types, mapping) -%}
    {{- return(adapter.dispatch('sales_binding_error', 'archetype')(names, types, mapping)) -}}
{%- endmacro %}

{% macro default__sales_binding_error(names, types, mapping) -%}
    {%- if not mapping -%}
        cast(null as varchar)
    {%- else -%}
    {%- set columns -%}
        array_to_string(
            list_transform(
                list_zip({{ names }}, {{ types }}),
                lambda part:
                    'cast(null as ' || case
                        when
                            part[2] = 'VARCHAR'
                            and list_contains(
                                {{ sql_text_list(mapping['numbers']) }}, lower(part[1])
                            )
                            then 'double'
                        else part[2]
                    end || ') as "' || replace(part[1], '"', '""') || '"'
            ),
            ', '
        )
    {%- endset -%}
    split_part(
        json_extract_string(
            json_serialize_plan(
                'select {{ sales_mapped_columns(mapping) | replace("'", "''") }} from (select '
                || {{ columns }} || ')'
            ),
            '$.error_message'
        ),
        chr(10),
        1
    )
    {%- endif -%}
{%- endmacro %}
