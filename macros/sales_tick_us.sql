{#-
    The variable sales_tick in microseconds. Models are parsed before check_variables refuses a
    wrong one, which counts as a day until then.
-#}
{% macro sales_tick_us() %}
    {{- return(microseconds(sales_tick_minutes() or 1440, 'minute') | int) -}}
{% endmacro %}
