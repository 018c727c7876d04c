{#-
    The columns of a layout that are texts and hold nothing but numbers, read as such: a clause that
    follows the star of a select list.
-#}
{% macro sales_numbers_read(layout, mapping) -%}
    {{- return(adapter.dispatch('sales_numbers_read', 'archetype')(layout, mapping)) -}}
{%- endmacro %}

{% macro default__sales_numbers_read(layout, mapping) -%}
    {%- set parts = [] -%}
    {%- for name in layout['column_names'] if name | lower in mapping['numbers'] -%}
        {%- if layout['column_types'][layout['column_names'].index(name)] == 'VARCHAR' -%}
            {%- set column = quoted_name(name) -%}
            {%- do parts.append("try_cast(" ~ column ~ " as double) as " ~ column) -%}
        {%- endif -%}
    {%- endfor -%}
    {{- 'replace (' ~ parts | join(', ') ~ ')' if parts -}}
{%- endmacro %}
