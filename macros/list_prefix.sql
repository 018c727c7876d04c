{#- The first n members of a list. -#}
{% macro list_prefix(values, n) -%}
    {{- return(adapter.dispatch('list_prefix', 'archetype')(values, n)) -}}
{%- endmacro %}

{% macro default__list_prefix(values, n) -%}
    list_slice({{ values }}, 1, {{ n }})
{%- endmacro %}
