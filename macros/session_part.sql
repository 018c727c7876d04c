{#-
    The condition that a session is of the part that is worked on, see begin_session_parts; every one
    is where no part is set.
-#}
{% macro session_part(session_hash) -%}
    {{- return(adapter.dispatch('session_part', 'archetype')(session_hash)) -}}
{%- endmacro %}

{% macro default__session_part(session_hash) -%}
    {{ session_hash }} % cast(coalesce(getvariable('session_parts'), 1) as ubigint)
    = cast(coalesce(getvariable('session_part'), 0) as ubigint)
{%- endmacro %}
