{#- A relation whose column name lists the IANA time zones that the engine knows. -#}
{% macro known_time_zones() -%}
    {{- return(adapter.dispatch('known_time_zones', 'archetype')()) -}}
{%- endmacro %}

{% macro default__known_time_zones() -%}
    pg_timezone_names()
{%- endmacro %}
