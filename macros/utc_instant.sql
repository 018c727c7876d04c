{#- A timestamp local to a zone as a timestamp in UTC. -#}
{% macro utc_instant(local_time, time_zone) -%}
    {{- return(adapter.dispatch('utc_instant', 'archetype')(local_time, time_zone)) -}}
{%- endmacro %}

{% macro default__utc_instant(local_time, time_zone) -%}
    timezone('UTC', timezone({{ time_zone }}, {{ local_time }}))
{%- endmacro %}
