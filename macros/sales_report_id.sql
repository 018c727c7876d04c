{#- The key of a report: the md5 of the store, the sku and the window's start, UTC. -#}
{% macro sales_report_id(store_id, sku, window_start) -%}
    md5({{ store_id }} || '|' || {{ sku }} || '|' || cast({{ window_start }} as varchar))
{%- endmacro %}
