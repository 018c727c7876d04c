{#- A SQL expression that ends its statement with a text as the error. -#}
{% macro fail_with(text_value) -%}
    {{- return(adapter.dispatch('fail_with', 'archetype')(text_value)) -}}
{%- endmacro %}

{% macro default__fail_with(text_value) -%}
    error({{ text_value }})
{%- endmacro %}
