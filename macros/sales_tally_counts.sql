{#- What stg_sales__tallies counts beside its rows. -#}
{% macro sales_tally_counts() %}
    {{- return(['n_rows_duplicate'] + sales_observations()) -}}
{% endmacro %}
