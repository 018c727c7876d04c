{#- A log's rows as they stand: the place of each, its key as text, and its hash. -#}
{% macro log_rows(relation, log_name, condition='true') -%}
    select
        '{{ log_name }}' as log_name,
        {{ log_position() }} as row_number,
        concat_ws(
            ', '
            {%- for column in append_only_tables()[log_name] %},
            cast(logged.{{ column }} as varchar)
            {%- endfor %}
        ) as row_key,
        {{ row_hash('logged') }} as row_hash
    from {{ relation }} as logged
    where {{ condition }}
{%- endmacro %}
