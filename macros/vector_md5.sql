{#- The md5 of a vector's text: what a log keeps of the vector that a row was made of. -#}
{% macro vector_md5(vector) -%}
    {{- return(adapter.dispatch('vector_md5', 'archetype')(vector)) -}}
{%- endmacro %}

{% macro default__vector_md5(vector) -%}
    md5(cast(to_json({{ vector }}) as varchar))
{%- endmacro %}
