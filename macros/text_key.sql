{#- 64 bits of a text's MD5 as a number: a key that is quicker to group and join by than the text. -#}
{% macro text_key(text_value) -%}
    {{- return(adapter.dispatch('text_key', 'archetype')(text_value)) -}}
{%- endmacro %}

{% macro default__text_key(text_value) -%}
    {#- What md5_number_lower is, but that goes through texts of bits. -#}
    cast(md5_number({{ text_value }}) >> 64 as ubigint)
{%- endmacro %}
