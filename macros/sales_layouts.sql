{#- The layouts of the files to be read: files of one layout are read at once. -#}
{% macro sales_layouts(files) %}
    {%- set layouts = [] -%}
    {%- if execute and load_relation(files) is not none -%}
        {%- set query -%}
            select
                layout_id,
                any_value(file_format) as file_format,
                any_value(delimiter) as delimiter,
                to_json(any_value(column_names)) as column_names,
                to_json(any_value(column_types)) as column_types
            from {{ files }}
            where reason is null and not is_finished
            group by layout_id
            order by layout_id
        {%- endset -%}
        {%- for row in run_query(query).rows -%}
            {%- do layouts.append({
                'layout_id': row['layout_id'],
                'file_format': row['file_format'],
                'delimiter': row['delimiter'],
                'column_names': fromjson(row['column_names']),
                'column_types': fromjson(row['column_types']),
            }) -%}
        {%- endfor -%}
    {%- endif -%}
    {{- return(layouts) -}}
{% endmacro %}
