{#-
    The condition that a session is of the part that is worked on, see begin_session_parts; every one
    is where no part is set.
-#}
{% macro session_part(session_hash) -%}
    {{- return(adapter.dispatch('session_part', 'archetype')(session_hash)) -}}
{%- endmacro %}

{% macro default__session_part(session_hash) -%}
    {{ session_hash }} between coalesce(getvariable('session_from'), cast(0 as ubigint))
    and coalesce(getvariable('session_to'), cast(18446744073709551615 as ubigint))
{%- endmacro %}
