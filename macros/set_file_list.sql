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
        -- DuckDB reads a listed path as a glob once more.
        select
            coalesce(
                list(regexp_replace(file_path, '([\[*?])', '[\1]', 'g') order by file_path), []
            )
        from {{ listing }}
        where {{ condition }}
    )
    {%- endif -%}
{%- endmacro %}
