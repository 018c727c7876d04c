{#- The local start of the tick that holds a local time; ticks count from midnight. -#}
{% macro sales_tick_start(local_time) -%}
    {{- return(adapter.dispatch('sales_tick_start', 'archetype')(local_time)) -}}
{%- endmacro %}

{% macro default__sales_tick_start(local_time) -%}
    {%- set tick_us = sales_tick_us() -%}
    make_timestamp(epoch_us({{ local_time }}) // {{ tick_us }} * {{ tick_us }})
{%- endmacro %}
