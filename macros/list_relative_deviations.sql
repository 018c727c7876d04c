{#- What was over what was expected, less 1, element by element of two lists of one length. -#}
{% macro list_relative_deviations(actual, expected) -%}
    {{- return(adapter.dispatch('list_relative_deviations', 'archetype')(actual, expected)) -}}
{%- endmacro %}

{% macro default__list_relative_deviations(actual, expected) -%}
    list_transform(list_zip({{ actual }}, {{ expected }}), lambda pair: pair[1] / pair[2] - 1)
{%- endmacro %}
