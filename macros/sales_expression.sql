{#-
    One expression of sales_columns as the engine's own parser reads it: what is wrong with it, its
    text written anew from the tree, the columns that it names, and those that it does nothing but
    calculate with. The new text is parsed once more, within brackets as it will be run: what is
    checked is its tree, so that no fault of the writing can smuggle anything past the checks.
-#}
{% macro sales_expression(expression) -%}
    {{- return(adapter.dispatch('sales_expression', 'archetype')(expression)) -}}
{%- endmacro %}

{% macro default__sales_expression(expression) -%}
    {%- set query -%}
    with given as (
        select cast(json_serialize_sql('select ' || {{ sql_text(expression) }}) as json) as ast
    ),
    written as (
        select
            json_extract_string(ast, '$.error_message') as syntax_error,
            case
                when
                    json_extract_string(ast, '$.error') = 'false'
                    and json_array_length(ast, '$.statements') = 1
                    and json_array_length(ast, '$.statements[0].node.select_list') = 1
                    -- DuckDB 1 can write a constant beyond all numbers, but not read it.
                    and not regexp_matches(cast(ast as varchar), '"value":-?Infinity')
                    then substr(json_deserialize_sql(ast), 8)
            end as canonical
        from given
    ),
    parsed as (
        select
            *,
            cast(json_serialize_sql('select (' || canonical || ')') as json) as ast
        from written
    ),
    query as (
        select *, json_extract(ast, '$.statements[0].node') as body from parsed
    ),
    tree as (
        select node.* from query, json_tree(query.body) as node
    ),
    word as (
        select key, parent as owner, json_extract_string(value, '$') as text
        from tree
        where key in ('class', 'function_name', 'schema', 'catalog')
    ),
    reference as (
        select
            json_extract_string(names.value, '$[0]') as name,
            json_array_length(names.value) as n_parts,
            coalesce(arguments.parent, siblings.parent) as caller
        from tree as names
        inner join tree as reference on names.parent = reference.id
        inner join tree as siblings on reference.parent = siblings.id
        -- DuckDB 2 has an argument's name between a function and what it is called with.
        left join tree as arguments
            on reference.key = 'expression' and siblings.parent = arguments.id
        where names.key = 'column_names'
    ),
    calculated as (
        select reference.name
        from reference
        left join word on reference.caller = word.owner and word.key = 'function_name'
        group by reference.name
        having bool_and(coalesce(word.text in ('{{ sales_arithmetic() | join("', '") }}'), false))
    )
    select
        syntax_error,
        coalesce(
            json_array_length(ast, '$.statements') = 1
            and json_extract_string(body, '$.type') = 'SELECT_NODE'
            and json_array_length(body, '$.select_list') = 1
            and json_extract_string(body, '$.select_list[0].alias') = ''
            and json_extract_string(body, '$.from_table.type') = 'EMPTY'
            and json_array_length(body, '$.modifiers') = 0
            and json_array_length(body, '$.cte_map.map') = 0
            and json_array_length(body, '$.group_expressions') = 0
            and json_type(body, '$.where_clause') = 'NULL'
            and json_type(body, '$.having') = 'NULL'
            and json_type(body, '$.qualify') = 'NULL'
            and json_type(body, '$.sample') = 'NULL',
            false
        ) as is_one_expression,
        (
            select string_agg(distinct lower(text), ', ' order by lower(text)) from word
            where key = 'class' and text not in ('{{ sales_expression_parts() | join("', '") }}')
        ) as refused_parts,
        (
            select string_agg(distinct lower(text), ', ' order by lower(text)) from word
            where
                key = 'function_name'
                and lower(text) not in ('{{ sales_functions() | join("', '") }}')
        ) as refused_functions,
        (
            select count(*) from word
            where (key = 'schema' and text not in ('', 'main')) or (key = 'catalog' and text != '')
        ) + (select count(*) from reference where n_parts > 1) as n_qualified,
        (select to_json(list(distinct name order by name)) from reference) as column_names,
        (select to_json(list(name order by name)) from calculated) as calculated_names,
        canonical
    from query
    {%- endset -%}
    {#- Nothing can be asked while models are parsed. -#}
    {%- set found = run_query(query).rows[0] if execute else {'is_one_expression': true} -%}
    {%- set problem = none -%}
    {%- if found.get('syntax_error') -%}
        {%- set problem = "cannot be parsed (" ~ found.get('syntax_error').splitlines()[0] ~ ")" -%}
    {%- elif not found.get('is_one_expression') -%}
        {%- set problem = "is not one SQL expression; a name with blanks needs double quotes" -%}
    {%- elif found.get('refused_parts') -%}
        {%- set problem = "may not hold: " ~ found.get('refused_parts') -%}
    {%- elif found.get('refused_functions') -%}
        {%- set problem = "may not call: " ~ found.get('refused_functions') -%}
    {%- elif found.get('n_qualified') -%}
        {%- set problem = "may name columns only, without a table or a schema" -%}
    {%- endif -%}
    {{- return({
        'problem': problem,
        'sql': found.get('canonical'),
        'column_names': fromjson(found.get('column_names') or '[]'),
        'calculated_names': fromjson(found.get('calculated_names') or '[]'),
    }) -}}
{%- endmacro %}
