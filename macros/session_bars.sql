{#- The bars that a price is placed in, and their length in minutes; they count from the start. -#}
{% macro session_bars() %}
    {{- return({'m15': 15, 'h1': 60}) -}}
{% endmacro %}
