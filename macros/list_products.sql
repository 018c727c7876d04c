{#- The products of two lists of one length, element by element. -#}
{% macro list_products(first, second) -%}
    {{- return(adapter.dispatch('list_products', 'archetype')(first, second)) -}}
{%- endmacro %}

{% macro default__list_products(first, second) -%}
    list_transform(list_zip({{ first }}, {{ second }}), lambda pair: pair[1] * pair[2])
{%- endmacro %}
