{#-
    What a model runs before it is made in parts of some four million events: a list cannot be
    spilled, so that memory would grow with the number of sessions.
-#}
{% macro begin_session_parts(events) -%}
    {{- return(adapter.dispatch('begin_session_parts', 'archetype')(events)) -}}
{%- endmacro %}

{% macro default__begin_session_parts(events) -%}
    {%- if execute -%}
    set variable session_part = 0;
    set variable session_parts = (select 1 + count(*) // 4000000 from {{ events }})
    {%- endif -%}
{%- endmacro %}
