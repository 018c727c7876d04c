{#- The parts of SQL that an expression of sales_columns may hold, as the parser names them. -#}
{% macro sales_expression_parts() %}
    {{- return([
        'COLUMN_REF',
        'CONSTANT',
        'FUNCTION',
        'CAST',
        'TYPE',
        'CASE',
        'COMPARISON',
        'CONJUNCTION',
        'BETWEEN',
        'OPERATOR',
    ]) -}}
{% endmacro %}
