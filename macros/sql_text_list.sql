{#- A list of texts as a SQL literal. -#}
{% macro sql_text_list(texts) -%}
    {{- return(adapter.dispatch('sql_text_list', 'archetype')(texts)) -}}
{%- endmacro %}

{% macro default__sql_text_list(texts) -%}
    cast([
        {%- for text in texts -%}
            {{- sql_text(text) }}{{ ', ' if not loop.last }}
        {%- endfor -%}
    ] as varchar[])
{%- endmacro %}
