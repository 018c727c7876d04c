{#-
    The variable sales_tick in minutes; none where it is no tick that divides a day, but for parsing,
    which comes before the variables are checked.
-#}
{% macro sales_tick_minutes() %}
    {{- return({
        '15 minutes': 15,
        '30 minutes': 30,
        '1 hour': 60,
        '2 hours': 120,
        '3 hours': 180,
        '4 hours': 240,
        '6 hours': 360,
        '8 hours': 480,
        '12 hours': 720,
        '1 day': 1440,
    }.get(var('sales_tick'), none if execute else 60)) -}}
{% endmacro %}
