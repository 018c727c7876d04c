{#- What is counted of raw rows whatever becomes of them; a row may be counted under several. -#}
{% macro sales_observations() %}
    {{- return([
        'n_returns',
        'n_zero_price',
        'n_duplicates',
        'n_unknown_stores',
        'n_rows_without_zone',
        'n_rows_without_revenue',
    ]) -}}
{% endmacro %}
