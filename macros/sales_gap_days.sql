{#- After how many days without a sale a day with sales needs others to be believed. -#}
{% macro sales_gap_days() %}
    {{- return(31) -}}
{% endmacro %}
