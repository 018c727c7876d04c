{#- One row per whole number from the first to the last, both counted. -#}
{% macro each_integer(first, last) -%}
    {{- return(adapter.dispatch('each_integer', 'archetype')(first, last)) -}}
{%- endmacro %}

{% macro default__each_integer(first, last) -%}
    unnest(cast(range({{ first }}, {{ last }} + 1) as integer[]))
{%- endmacro %}
