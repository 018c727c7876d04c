{#- What stg_sales__tallies sums up, each with its type. -#}
{% macro sales_tally_measures() %}
    {%- set columns = {
        'units': 'decimal(18, 3)',
        'revenue': 'decimal(18, 4)',
        'n_rows': 'bigint',
        'n_rows_duplicate': 'bigint',
    } -%}
    {%- for name in sales_observations() -%}
        {%- do columns.update({name: 'bigint'}) -%}
    {%- endfor -%}
    {{- return(columns) -}}
{% endmacro %}
