{#-
    The variable sales_columns, checked: for each field that is mapped its SQL and the columns that
    it names. A column that is only calculated with, or that is units or revenue itself, holds
    numbers: where a file has it as text, it is read as such.
-#}
{% macro sales_mapping() %}
    {%- set mapping = {} -%}
    {%- if execute -%}
        {%- set given = var('sales_columns') -%}
        {%- set used = {} -%}
        {%- set calculated = {} -%}
        {%- for field in sales_fields() if given.get(field) -%}
            {%- set read = sales_expression(given[field]) -%}
            {%- if read['problem'] -%}
                {%- do exceptions.raise_compiler_error(sales_column_problems() | join('; ')) -%}
            {%- endif -%}
            {%- set is_number = field in ('units', 'revenue') -%}
            {%- for name in read['column_names'] -%}
                {%- set is_bare = read['sql'] in (name, '"' ~ name ~ '"') -%}
                {%- set counts = name in read['calculated_names'] or (is_number and is_bare) -%}
                {%- do calculated.update(
                    {name | lower: counts and calculated.get(name | lower, true)}
                ) -%}
            {%- endfor -%}
            {%- do mapping.update({field: read}) -%}
        {%- endfor -%}
        {%- set names = [] -%}
        {%- for name, counts in calculated.items() if counts -%}
            {%- do names.append(name) -%}
        {%- endfor -%}
        {%- do mapping.update({'numbers': names}) -%}
    {%- endif -%}
    {{- return(mapping) -}}
{% endmacro %}
