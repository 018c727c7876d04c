{#-
    The moments at which detection is scored, as a table of one column: when a quarter and a half of
    a planted anomaly's ticks have passed, when its report has ended, and every tick of a report.
-#}
{% macro detection_moments() -%}
    (values ('quarter'), ('half'), ('whole'), ('every tick'))
{%- endmacro %}
