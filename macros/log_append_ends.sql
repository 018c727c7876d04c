{#-
    What runs after a log was appended to, in the same transaction: it notes the hash of each row
    that was added in the ledger, after those of the rows that the log got before. A kill leaves the
    rows and their hashes, or neither. As long as there is no ledger, nothing is noted: it begins with
    all rows that stand.
-#}
{% macro log_append_ends(model) -%}
    {%- if execute and model.config.materialized == 'incremental' and model.name != 'log_row_hashes' -%}
        {%- set ledger = load_relation(api.Relation.create(
            database=target.database, schema=target.schema, identifier='log_row_hashes'
        )) -%}
        {%- if model.name not in append_only_tables() -%}
            {{- exceptions.raise_compiler_error(
                model.name ~ ' is incremental: name it, with its key, in macros/append_only_tables.sql'
            ) -}}
        {%- elif ledger is not none -%}
            {{- adapter.dispatch('log_append_ends', 'archetype')(model.name, ledger) -}}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{% macro default__log_append_ends(log_name, ledger) -%}
    insert into {{ ledger }} (log_name, row_number, row_key, row_hash)
    select
        appended.log_name,
        ended.row_count + appended.row_number,
        appended.row_key,
        appended.row_hash
    from ({{ log_rows(this, log_name, "logged.rowid > getvariable('end_of_log')") }}) as appended
    cross join (
        select coalesce(max(row_number), 0) as row_count
        from {{ ledger }}
        where log_name = '{{ log_name }}'
    ) as ended
{%- endmacro %}
