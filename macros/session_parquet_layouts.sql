{#-
    The layouts of the Parquet files to be read: for each the DuckDB variable that lists its files,
    with the names of their columns.
-#}
{% macro session_parquet_layouts(files, condition) -%}
    {%- set layouts = {} -%}
    {%- if execute and load_relation(files) is not none -%}
        {%- set query -%}
            select
                layout_id,
                to_json(any_value(column_names)) as column_names
            from {{ files }}
            where {{ condition }}
            group by layout_id
            order by layout_id
        {%- endset -%}
        {%- for row in run_query(query).rows -%}
            {%- set variable = 'session_parquet_' ~ row['layout_id'] -%}
            {%- set of_layout = condition ~ " and layout_id = '" ~ row['layout_id'] ~ "'" -%}
            {%- do run_query(set_file_list(variable, files, of_layout)) -%}
            {%- do layouts.update({variable: fromjson(row['column_names'])}) -%}
        {%- endfor -%}
    {%- endif -%}
    {{- return(layouts) -}}
{% endmacro %}
