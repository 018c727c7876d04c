{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    full_refresh=false,
) }}

-- Of the ledger alone: what a hand did to older rows of a log is not blessed by a new checkpoint.
with

ledger as (

    select * from {{ ref('log_row_hashes') }}

),

earlier as (

    {{ earlier_rows('log_checkpoints', {
        'log_name': 'varchar', 'checkpoint_number': 'bigint', 'row_count': 'bigint',
        'content_hash': 'varchar', 'checkpoint_hash': 'varchar',
    }) }}

),

-- The build before has one row of every log that there was.
last_checkpoints as (

    select * from earlier
    where checkpoint_number = (select max(newest.checkpoint_number) from earlier as newest)

),

head as (

    select
        coalesce(max(checkpoint_number), 0) as checkpoint_number,
        coalesce({{ log_head_hash() }}, {{ no_hash_yet() }}) as head_hash
    from last_checkpoints

),

new_rows as (

    select
        ledger.log_name,
        ledger.row_number,
        ledger.row_hash,
        head.checkpoint_number + 1 as checkpoint_number
    from ledger
    cross join head
    left join last_checkpoints on ledger.log_name = last_checkpoints.log_name
    where ledger.row_number > coalesce(last_checkpoints.row_count, 0)

),

chunks as (

    {{ log_chunk_hashes('new_rows') }}

),

digests as (

    {{ log_digests('chunks') }}

),

logs as (

    {% for log_name in append_only_tables() %}
    select '{{ log_name }}' as log_name
    {% if not loop.last %}union all{% endif %}
    {% endfor %}

),

described as (

    select
        '{{ invocation_id }}' as build_id,
        logs.log_name,
        cast(head.checkpoint_number + 1 as bigint) as checkpoint_number,
        cast('{{ run_started_at.strftime("%Y-%m-%d %H:%M:%S.%f") }}' as timestamp) as started_at,
        cast(
            coalesce(last_checkpoints.row_count, 0) + coalesce(digests.n_rows, 0) as bigint
        ) as row_count,
        cast(coalesce(digests.n_rows, 0) as bigint) as n_new_rows,
        {{ log_content_hash('last_checkpoints.content_hash', 'digests.digest') }} as content_hash,
        head.head_hash as previous_hash
    from logs
    cross join head
    left join last_checkpoints on logs.log_name = last_checkpoints.log_name
    left join digests on logs.log_name = digests.log_name

),

final as (

    select
        build_id,
        log_name,
        checkpoint_number,
        started_at,
        row_count,
        n_new_rows,
        content_hash,
        previous_hash,
        {{ log_checkpoint_hash() }} as checkpoint_hash
    from described

)

select * from final
