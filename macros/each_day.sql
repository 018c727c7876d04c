{#- One row per day from the first to the last, both counted; dates in and out. -#}
{% macro each_day(first_on, last_on) -%}
    {{- return(adapter.dispatch('each_day', 'archetype')(first_on, last_on)) -}}
{%- endmacro %}

{% macro default__each_day(first_on, last_on) -%}
    unnest(cast(generate_series({{ first_on }}, {{ last_on }}, interval 1 day) as date[]))
{%- endmacro %}
