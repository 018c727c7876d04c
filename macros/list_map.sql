{#- A list of an expression of each element of another list; the element is named x. -#}
{% macro list_map(values, expression) -%}
    {{- return(adapter.dispatch('list_map', 'archetype')(values, expression)) -}}
{%- endmacro %}

{% macro default__list_map(values, expression) -%}
    list_transform({{ values }}, lambda x: {{ expression }})
{%- endmacro %}
