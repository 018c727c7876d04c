{#- What the classifier's log holds of each scored tick, with types, in the log's own order. -#}
{% macro sales_score_columns() %}
    {{- return({
        'store_id': 'varchar',
        'sku': 'varchar',
        'scored_on': 'date',
        'tick_local': 'timestamp',
        'started_at': 'timestamp',
        'written_at': 'timestamp',
        'tick_number': 'bigint',
        'units': 'decimal(28,3)',
        'expected_units': 'decimal(18,6)',
        'dispersion': 'double',
        'z_score': 'double',
        'flag': 'integer',
        'is_strong': 'boolean',
    }) -}}
{% endmacro %}
