{#-
    A table as dbt-duckdb makes it: built under another name, swapped with the old one, all in one
    transaction. Left out is what no model of ours has, and what cost a daily build of small tables
    more than their queries did: foreign keys, indexes, grants, DuckLake, and a backup of the old.
-#}
{% materialization table, adapter='duckdb', supported_languages=['sql', 'python'] %}
    {%- set language = model['language'] -%}
    {%- set existing = load_cached_relation(this) -%}
    {%- set target_table = this.incorporate(type='table') -%}
    {%- set draft = make_intermediate_relation(target_table) -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {% call statement('main', language=language) -%}
        {{ create_table_as(False, draft, compiled_code, language) }}
    {%- endcall %}
    {% call statement('swap') -%}
        {%- if existing is not none %}
        drop {{ existing.type }} {{ existing }};
        {%- endif %}
        alter table {{ draft }} rename to {{ adapter.quote(target_table.identifier) }}
    {%- endcall %}

    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {% do persist_docs(target_table, model) %}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}

    {{ return({'relations': [target_table]}) }}
{% endmaterialization %}
