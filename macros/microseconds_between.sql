{#- The time from one timestamp to another, in microseconds. -#}
{% macro microseconds_between(earlier, later) -%}
    {{- return(adapter.dispatch('microseconds_between', 'archetype')(earlier, later)) -}}
{%- endmacro %}

{% macro default__microseconds_between(earlier, later) -%}
    date_diff('microsecond', {{ earlier }}, {{ later }})
{%- endmacro %}
