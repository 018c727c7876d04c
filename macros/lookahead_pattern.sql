{% macro lookahead_pattern() -%}
    (?i)"(future_htf|htf_forecast|f50_forward|htf_prediction)"\s*:
{%- endmacro %}
