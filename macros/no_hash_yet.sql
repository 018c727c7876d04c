{#- What stands for the hash before the first, as a SQL expression: 64 zeros. -#}
{% macro no_hash_yet() -%}
    '{{ '0' * 64 }}'
{%- endmacro %}
