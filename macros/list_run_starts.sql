{#- The places, from 1, at which a list's element differs from the one before it; the first does. -#}
{% macro list_run_starts(keys) -%}
    {{- return(adapter.dispatch('list_run_starts', 'archetype')(keys)) -}}
{%- endmacro %}

{% macro default__list_run_starts(keys) -%}
    list_filter(
        range(1, len({{ keys }}) + 1), lambda i: i = 1 or {{ keys }}[i] != {{ keys }}[i - 1]
    )
{%- endmacro %}
