{#- What stg_sales__tallies sums up, each with its type. -#}
{% macro sales_tally_measures() %}
    {%- set columns = {
        'units': 'decimal(18, 3)',
        'revenue': 'decimal(18, 4)',
        'n_rows': 'bigint',
    } -%}
    {%- for name in sales_tally_counts() -%}
        {%- do columns.update({name: 'bigint'}) -%}
    {%- endfor -%}
    {{- return(columns) -}}
{% endmacro %}
