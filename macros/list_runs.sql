{#- A list cut into lists at the places where they start, see list_run_starts. -#}
{% macro list_runs(values, starts) -%}
    {{- return(adapter.dispatch('list_runs', 'archetype')(values, starts)) -}}
{%- endmacro %}

{% macro default__list_runs(values, starts) -%}
    list_transform(
        range(1, len({{ starts }}) + 1),
        lambda i: list_slice(
            {{ values }}, {{ starts }}[i], coalesce({{ starts }}[i + 1] - 1, len({{ values }}))
        )
    )
{%- endmacro %}
