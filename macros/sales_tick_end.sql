{#-
    The end of a tick, from its local start, as an instant in UTC. An hour that the clocks repeat
    ends when it has passed for the second time.
-#}
{% macro sales_tick_end(tick_local) -%}
    {{- utc_instant(
        after_microseconds(tick_local, sales_tick_us()),
        sql_text(var('sales_time_zone'))
    ) -}}
{%- endmacro %}
