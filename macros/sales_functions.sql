{#-
    The functions that an expression of sales_columns may call: each makes one value of a row's own
    values, and none reads a file, a table or a setting, or makes a text out of all proportion.
-#}
{% macro sales_functions() %}
    {{- return(sales_arithmetic() + [
        '||', '~~', '!~~', '~~*', '!~~*',
        'concat', 'concat_ws', 'contains', 'ends_with', 'if', 'left', 'length', 'lower', 'ltrim',
        'nullif', 'position', 'prefix', 'regexp_extract', 'regexp_full_match', 'regexp_matches',
        'regexp_replace', 'replace', 'right', 'rtrim', 'split_part', 'starts_with',
        'strip_accents', 'strpos', 'substr', 'substring', 'suffix', 'translate', 'trim', 'upper',
        'greatest', 'least', 'sign', 'trunc',
        'date_part', 'date_trunc', 'epoch_ms', 'make_date', 'make_timestamp', 'strftime',
        'strptime', 'timezone', 'to_days', 'to_hours', 'to_minutes', 'to_seconds', 'to_timestamp',
        'try_strptime',
    ]) -}}
{% endmacro %}
