{#-
    The number of the span of `baseline_days` days that holds a day. All days that a level or a
    dispersion rests on lie in the span of the day before it and in the span before that.
-#}
{% macro day_span(day) -%}
    date_diff('day', date '1970-01-01', {{ day }}) // {{ var('baseline_days') }}
{%- endmacro %}
