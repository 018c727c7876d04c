{#- The differences of each element of a list from the one before it: one fewer than elements. -#}
{% macro list_steps(values, n_values) -%}
    {{- return(adapter.dispatch('list_steps', 'archetype')(values, n_values)) -}}
{%- endmacro %}

{% macro default__list_steps(values, n_values) -%}
    list_transform(
        list_zip({{ values }}[1:{{ n_values }} - 1], {{ values }}[2:{{ n_values }}]),
        lambda pair: pair[2] - pair[1]
    )
{%- endmacro %}
