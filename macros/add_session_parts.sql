{#- What a model runs after its first part was made: the others, in the same transaction. -#}
{% macro add_session_parts(target, query) -%}
    {{- return(adapter.dispatch('add_session_parts', 'archetype')(target, query)) -}}
{%- endmacro %}

{% macro default__add_session_parts(target, query) -%}
    {%- if execute -%}
        {%- set n_hashes = run_query("select getvariable('session_to')").rows[0][0] | int + 1 -%}
        {%- for first in range(n_hashes, 2 ** 64, n_hashes) -%}
            {%- set last = [first + n_hashes, 2 ** 64] | min - 1 -%}
            {%- do run_query('set variable session_from = cast(' ~ first ~ ' as ubigint)') -%}
            {%- do run_query('set variable session_to = cast(' ~ last ~ ' as ubigint)') -%}
            {%- do run_query('insert into ' ~ target ~ ' ' ~ query) -%}
        {%- endfor -%}
        reset variable session_from; reset variable session_to
    {%- endif -%}
{%- endmacro %}
