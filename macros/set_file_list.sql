{#-
    A source's location names these DuckDB variables: its files are known only once they were listed
    and classified.
-#}
{% macro set_file_list(variable, listing, condition) -%}
    {{- return(adapter.dispatch('set_file_list', 'archetype')(variable, listing, condition)) -}}
{%- endmacro %}

{% macro default__set_file_list(variable, listing, condition) -%}
    {%- if execute -%}
    set variable {{ variable }} = (
        select coalesce(list(file_path order by file_path), [])
        from {{ listing }}
        where {{ condition }}
    )
    {%- endif -%}
{%- endmacro %}
