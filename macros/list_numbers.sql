{#- A text of numbers with single spaces between them as a list of doubles. -#}
{% macro list_numbers(text_value) -%}
    {{- return(adapter.dispatch('list_numbers', 'archetype')(text_value)) -}}
{%- endmacro %}

{% macro default__list_numbers(text_value) -%}
    cast(string_split({{ text_value }}, ' ') as double[])
{%- endmacro %}
