{#-
    What runs before a log is appended to, in the same transaction: it remembers where the log ends.
    Rows that a hand has inserted since the last build lie before that end, so they are not taken
    for this build's.
-#}
{% macro log_append_begins(model) -%}
    {%- if execute and model.config.materialized == 'incremental' and model.name != 'log_row_hashes' -%}
        {{- adapter.dispatch('log_append_begins', 'archetype')() -}}
    {%- endif -%}
{%- endmacro %}

{% macro default__log_append_begins() -%}
    {%- if load_relation(this) is none -%}
        set variable end_of_log = -1
    {%- else -%}
        set variable end_of_log = (select coalesce(max(rowid), -1) from {{ this }})
    {%- endif -%}
{%- endmacro %}
