{#- A list of an expression of each of the places 1 to n, which is named i. -#}
{% macro list_map_places(n, expression) -%}
    {{- return(adapter.dispatch('list_map_places', 'archetype')(n, expression)) -}}
{%- endmacro %}

{% macro default__list_map_places(n, expression) -%}
    list_transform(range(1, {{ n }} + 1), lambda i: {{ expression }})
{%- endmacro %}
