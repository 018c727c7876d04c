{#- What a model runs after its first part was made: the others, in the same transaction. -#}
{% macro add_session_parts(target, query) -%}
    {{- return(adapter.dispatch('add_session_parts', 'archetype')(target, query)) -}}
{%- endmacro %}

{% macro default__add_session_parts(target, query) -%}
    {%- if execute -%}
        {%- set n_parts = run_query("select getvariable('session_parts')").rows[0][0] | int -%}
        {%- for part in range(1, n_parts) -%}
            {%- do run_query('set variable session_part = ' ~ part) -%}
            {%- do run_query('insert into ' ~ target ~ ' ' ~ query) -%}
        {%- endfor -%}
        reset variable session_part; reset variable session_parts
    {%- endif -%}
{%- endmacro %}
