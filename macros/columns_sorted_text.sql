{#- A row's text as json_sorted_text gives it for the same fields in JSON; null fields are absent ones. -#}
{% macro columns_sorted_text(relation, names) -%}
    '{' || concat_ws(
        ', '
        {%- for name in names %},
        '"{{ name }}": ' || to_json({{ relation }}.{{ name }})
        {%- endfor %}
    ) || '}'
{%- endmacro %}
