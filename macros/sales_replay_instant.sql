{#- An end of the replay range from the variable of that name; null where it is empty. -#}
{% macro sales_replay_instant(name) -%}
    cast(nullif({{ sql_text(var(name)) }}, '') as timestamp)
{%- endmacro %}
