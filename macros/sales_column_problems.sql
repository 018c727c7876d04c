{#- What is wrong with the variable sales_columns, one message for each field. -#}
{% macro sales_column_problems() %}
    {%- set problems = [] -%}
    {%- set given = var('sales_columns') -%}
    {%- if given is not mapping -%}
        {%- do problems.append(
            "sales_columns is " ~ given ~ "; it must map "
            ~ sales_fields().keys() | join(', ') ~ " to a column or a SQL expression each"
        ) -%}
        {{- return(problems) -}}
    {%- endif -%}
    {%- for name in given if name not in sales_fields() -%}
        {%- do problems.append(
            "sales_columns names " ~ name ~ "; it may map "
            ~ sales_fields().keys() | join(', ') ~ " only"
        ) -%}
    {%- endfor -%}
    {%- for field, is_required in sales_fields().items() -%}
        {%- set expression = given.get(field) -%}
        {%- if not expression -%}
            {%- if is_required -%}
                {%- do problems.append(
                    "sales_columns lacks " ~ field ~ "; it must be a column or a SQL expression"
                ) -%}
            {%- endif -%}
        {%- elif expression is not string or expression | length > 1000 -%}
            {%- do problems.append(
                "sales_columns." ~ field ~ " must be a text of at most 1,000 characters"
            ) -%}
        {%- else -%}
            {%- set problem = sales_expression(expression)['problem'] -%}
            {%- if problem -%}
                {%- do problems.append(
                    "sales_columns." ~ field ~ " is " ~ expression ~ "; it " ~ problem
                ) -%}
            {%- endif -%}
        {%- endif -%}
    {%- endfor -%}
    {{- return(problems) -}}
{% endmacro %}
