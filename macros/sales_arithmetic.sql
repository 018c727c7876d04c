{#- The operators and functions whose operands are numbers. -#}
{% macro sales_arithmetic() %}
    {{- return(['+', '-', '*', '/', '//', '%', 'abs', 'round', 'floor', 'ceil', 'ceiling']) -}}
{% endmacro %}
