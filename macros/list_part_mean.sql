{#-
    The mean of a list over one of several equal parts of its length: each element is a step of
    width 1, and an element that an edge cuts counts by the part of it that lies within.
-#}
{% macro list_part_mean(values, n_values, part, n_parts) -%}
    {{- return(
        adapter.dispatch('list_part_mean', 'archetype')(values, n_values, part, n_parts)
    ) -}}
{%- endmacro %}

{% macro default__list_part_mean(values, n_values, part, n_parts) -%}
    {%- set low = n_values ~ ' * ' ~ (part - 1) -%}
    {%- set high = n_values ~ ' * ' ~ part -%}
    {%- set first = low ~ ' // ' ~ n_parts ~ ' + 1' -%}
    {%- set last = high ~ ' // ' ~ n_parts -%}
    (
        {{ list_total(values ~ '[' ~ first ~ ':' ~ last ~ ']') }}
        - coalesce({{ values }}[{{ first }}], 0) * ({{ low }} % {{ n_parts }}) / {{ n_parts }}
        + coalesce({{ values }}[{{ last }} + 1], 0) * ({{ high }} % {{ n_parts }}) / {{ n_parts }}
    ) * {{ n_parts }} / {{ n_values }}
{%- endmacro %}
