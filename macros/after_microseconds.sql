{#- A timestamp moved on by a whole number of microseconds. -#}
{% macro after_microseconds(instant, count) -%}
    {{- return(adapter.dispatch('after_microseconds', 'archetype')(instant, count)) -}}
{%- endmacro %}

{% macro default__after_microseconds(instant, count) -%}
    {{ instant }} + to_microseconds({{ count }})
{%- endmacro %}
