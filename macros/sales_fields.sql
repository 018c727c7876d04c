{#- What the variable sales_columns maps, and whether it must. -#}
{% macro sales_fields() %}
    {{- return({
        'store': true,
        'sku': true,
        'instant': true,
        'units': true,
        'revenue': false,
    }) -}}
{% endmacro %}
