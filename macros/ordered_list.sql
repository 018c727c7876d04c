{#- The values of a group as a list in the order of another, unique, value. -#}
{% macro ordered_list(value, order_by) -%}
    {{- return(adapter.dispatch('ordered_list', 'archetype')(value, order_by)) -}}
{%- endmacro %}

{% macro default__ordered_list(value, order_by) -%}
    list({{ value }} order by {{ order_by }})
{%- endmacro %}
