{#-
    What a model runs before it is made in parts of about so many events: a list cannot be spilled,
    so that memory would grow with the number of sessions.
-#}
{% macro begin_session_parts(events, part_events) -%}
    {{- return(adapter.dispatch('begin_session_parts', 'archetype')(events, part_events)) -}}
{%- endmacro %}

{% macro default__begin_session_parts(events, part_events) -%}
    {%- if execute -%}
    set variable session_part = 0;
    set variable session_parts = (select 1 + count(*) // {{ part_events }} from {{ events }})
    {%- endif -%}
{%- endmacro %}
