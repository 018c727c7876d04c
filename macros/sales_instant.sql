{#-
    An instant in UTC from the text of a timestamp or a date: ISO 8601, with an offset, which is
    honoured, or without, which is then local to sales_time_zone. Null where it is none of these.
-#}
{% macro sales_instant(text_value) -%}
    {{- return(adapter.dispatch('sales_instant', 'archetype')(text_value)) -}}
{%- endmacro %}

{% macro default__sales_instant(text_value) -%}
    {#- The engine's own parser wants seconds, and a colon in the offset. -#}
    {%- set spelt_out -%}
        regexp_replace(
            regexp_replace({{ text_value }}, '^(.{16}) ?([Z+-])', '\1:00\2'),
            ' ?([+-]\d{2}):?(\d{2})$', '\1:\2'
        )
    {%- endset -%}
    case
        when {{ sales_has_zone(text_value) }}
            then timezone('UTC', try_cast({{ spelt_out }} as timestamptz))
        when
            regexp_full_match(
                {{ text_value }}, '\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?'
            )
            then {{ utc_instant(
                'try_cast(' ~ text_value ~ ' as timestamp)', sql_text(var('sales_time_zone'))
            ) }}
    end
{%- endmacro %}
