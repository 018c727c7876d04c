{#-
    The rows of a group as a sorted list of structs, by their first field, then the next: where two
    rows differ in a field that is null in one, nothing is promised. It does not depend on the order
    of the rows.
-#}
{% macro sorted_structs(fields) -%}
    {{- return(adapter.dispatch('sorted_structs', 'archetype')(fields)) -}}
{%- endmacro %}

{% macro default__sorted_structs(fields) -%}
    list_sort(
        list({
            {%- for name, value in fields.items() %}
            '{{ name }}': {{ value }}{{ ',' if not loop.last }}
            {%- endfor %}
        })
    )
{%- endmacro %}
