{#-
    What a model runs before it is made in parts of about so many events: a list cannot be spilled,
    so that memory would grow with the number of sessions. A part is a range of hashes, which are
    even: DuckDB keeps the events of a range together, and skips most of the others unread.
-#}
{% macro begin_session_parts(events, part_events) -%}
    {{- return(adapter.dispatch('begin_session_parts', 'archetype')(events, part_events)) -}}
{%- endmacro %}

{% macro default__begin_session_parts(events, part_events) -%}
    {%- if execute -%}
    set variable session_from = cast(0 as ubigint);
    set variable session_to = (
        select cast(18446744073709551615 // (1 + count(*) // {{ part_events }}) as ubigint)
        from {{ events }}
    )
    {%- endif -%}
{%- endmacro %}
