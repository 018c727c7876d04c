{#-
    Rows with NaN or an infinity in any column of doubles or of lists of doubles, nested or not. The
    columns are looked up when the test runs, so a column that is added is tested too.
-#}
{% test finite(model) %}

{%- set conditions = [] -%}
{%- if execute -%}
    {%- for column in adapter.get_columns_in_relation(model) -%}
        {%- set kind = column.dtype | upper -%}
        {%- if kind.startswith('DOUBLE') or kind.startswith('FLOAT') -%}
            {%- set depth = kind.count('[') -%}
            {%- set name = adapter.quote(column.name) -%}
            {%- if depth == 0 -%}
                {%- do conditions.append('not isfinite(' ~ name ~ ')') -%}
            {%- else -%}
                {%- set elements = 'flatten(' * (depth - 1) ~ name ~ ')' * (depth - 1) -%}
                {%- do conditions.append(
                    'len(list_filter(' ~ elements ~ ', lambda x: not isfinite(x))) > 0'
                ) -%}
            {%- endif -%}
        {%- endif -%}
    {%- endfor -%}
{%- endif %}

select *
from {{ model }}
where
    false
    {%- for condition in conditions %}
    or {{ condition }}
    {%- endfor %}

{% endtest %}
