{#- A timestamp in UTC as one local to a zone. -#}
{% macro local_time(instant, time_zone) -%}
    {{- return(adapter.dispatch('local_time', 'archetype')(instant, time_zone)) -}}
{%- endmacro %}

{% macro default__local_time(instant, time_zone) -%}
    timezone({{ time_zone }}, timezone('UTC', {{ instant }}))
{%- endmacro %}
