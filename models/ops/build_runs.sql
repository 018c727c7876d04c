{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    full_refresh=false,
) }}

with

environment as (

    select * from {{ ref('build_environment') }}

),

table_hashes as (

    select * from {{ ref('build_table_hashes') }}

),

champion as (

    select * from {{ ref('session_models') }}
    where status = 'champion'

),

entries as (

    select
        table_name,
        struct_pack(k := table_name, v := row_count) as row_count_entry,
        struct_pack(k := table_name, v := content_hash) as content_hash_entry
    from table_hashes

),

summary as (

    select
        map_from_entries(list(row_count_entry order by table_name)) as table_row_counts,
        map_from_entries(list(content_hash_entry order by table_name)) as table_content_hashes
    from entries

),

final as (

    select
        '{{ invocation_id }}' as build_id,
        cast('{{ run_started_at.strftime("%Y-%m-%d %H:%M:%S.%f") }}' as timestamp) as started_at,
        environment.git_revision,
        environment.archetype_version,
        environment.python_version,
        '{{ dbt_version }}' as dbt_version,
        version() as duckdb_version,
        environment.scikit_learn_version,
        environment.numpy_version,
        champion.model_version as session_model_version,
        summary.table_row_counts,
        summary.table_content_hashes
    from environment
    left join champion on true
    cross join summary

)

select * from final
