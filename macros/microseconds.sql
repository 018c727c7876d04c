{#- A number of minutes or days as microseconds, the unit of every time within a session. -#}
{% macro microseconds(count, unit) -%}
    {{- count * {'minute': 60000000, 'day': 86400000000}[unit] -}}
{%- endmacro %}
