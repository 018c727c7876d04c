{#- A value as the literal of a text: whatever it holds, it stays one. -#}
{% macro sql_text(value) -%}
    {{- return(adapter.dispatch('sql_text', 'archetype')(value)) -}}
{%- endmacro %}

{% macro default__sql_text(value) -%}
    {#- The engine stops reading a statement at a null character. -#}
    '{{ value | string | replace("'", "''") | replace("\0", "\ufffd") }}'
{%- endmacro %}
