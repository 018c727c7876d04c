{#- The raw rows of every sales file that is to be read, mapped, as a query. -#}
{% macro sales_raw_rows(files, mapping) -%}
    select {{ null_columns({
        'raw_file_path': 'varchar',
        'raw_row_md5': 'varchar',
        'store_text': 'varchar',
        'sku_text': 'varchar',
        'instant_text': 'varchar',
        'units': 'decimal(18, 3)',
        'revenue': 'decimal(18, 4)',
    }) }}
    where false
    {%- for layout in sales_layouts(files) %}
    union all
    select
        raw_file_path,
        raw_row_md5,
        {{ sales_mapped_columns(mapping) }}
    from (
        select * {{ sales_numbers_read(layout, mapping) }}
        from ({{ read_sales_layout(files, layout) }}) as as_listed
    ) as with_numbers
    {%- endfor %}
{%- endmacro %}
