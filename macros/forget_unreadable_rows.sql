{#- The reader notes the lines that it cannot cut into columns; those of another read go first. -#}
{% macro forget_unreadable_rows() -%}
    {{- return(adapter.dispatch('forget_unreadable_rows', 'archetype')()) -}}
{%- endmacro %}

{% macro default__forget_unreadable_rows() -%}
    drop table if exists reject_errors;
    drop table if exists reject_scans
{%- endmacro %}
