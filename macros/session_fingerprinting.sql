{#-
    Whether early calls are made: by the variable, or by the environment, whose older name is
    honoured too.
-#}
{% macro session_fingerprinting() -%}
    {%- set given = [
        var('session_fingerprinting') | string,
        env_var('ARCHETYPE_SESSION_FINGERPRINTING', ''),
        env_var('IRONFORGE_SESSION_FINGERPRINTING', ''),
    ] -%}
    {{- return(given | map('lower') | select('in', ['1', 'true', 'yes', 'on']) | list | length > 0) -}}
{%- endmacro %}
