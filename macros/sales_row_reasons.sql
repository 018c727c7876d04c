{#-
    Why a raw row of sales is not used, in the order in which the reasons are tried: a row is
    counted under the first that applies.
-#}
{% macro sales_row_reasons() %}
    {{- return([
        'unreadable_row',
        'duplicate',
        'missing_store',
        'missing_sku',
        'unreadable_instant',
        'instant_out_of_range',
        'unreadable_units',
        'returned',
        'zero_price',
        'unknown_store',
        'tick_not_complete',
        'late',
    ]) -}}
{% endmacro %}
