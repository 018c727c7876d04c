{#- A feature's value, or what stands in its place. -#}
{% macro session_imputed_value(name) -%}
    {%- if name in session_imputed_values() -%}
        cast(coalesce({{ name }}, {{ session_imputed_values()[name] }}) as double)
    {%- else -%}
        cast({{ name }} as double)
    {%- endif -%}
{%- endmacro %}
