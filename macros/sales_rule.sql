{#- What one rule of the variable sales_rules says. -#}
{% macro sales_rule(name) %}
    {{- return(var('sales_rules').get(name, sales_rules()[name] | first)) -}}
{% endmacro %}
