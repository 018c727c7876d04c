{{ config(materialized='view') }}

with

checkpoints as (

    select * from {{ ref('log_checkpoints') }}

),

chunks as (

    select * from {{ ref('log_chunks') }}

),

digests as (

    select
        log_name,
        checkpoint_number,
        sha256(string_agg(current_hash, '' order by chunk_start)) as current_digest,
        sha256(string_agg(ledger_hash, '' order by chunk_start)) as ledger_digest,
        coalesce(sum(n_current_rows), 0) as n_current_rows,
        coalesce(sum(n_ledger_rows), 0) as n_ledger_rows,
        bool_and(
            current_hash is not distinct from ledger_hash
            and n_current_rows is not distinct from n_ledger_rows
        ) as is_alike
    from chunks
    group by log_name, checkpoint_number

),

heads as (

    select
        checkpoint_number,
        {{ log_head_hash() }} as head_hash
    from checkpoints
    group by checkpoint_number

),

linked as (

    select
        *,
        lag(content_hash) over log_so_far as content_before,
        lag(row_count, 1, 0) over log_so_far as rows_before,
        {{ log_checkpoint_hash() }} as hash_recomputed
    from checkpoints
    window log_so_far as (partition by log_name order by checkpoint_number)

),

recomputed as (

    select
        coalesce(linked.log_name, digests.log_name) as log_name,
        coalesce(linked.checkpoint_number, digests.checkpoint_number) as checkpoint_number,
        linked.build_id,
        linked.started_at,
        linked.row_count,
        linked.n_new_rows,
        linked.content_hash,
        linked.previous_hash,
        linked.checkpoint_hash,
        linked.build_id is null
        or (
            linked.checkpoint_hash = linked.hash_recomputed
            and linked.row_count = linked.rows_before + linked.n_new_rows
            -- Every log's checkpoint holds the head before it; one is enough to tell it.
            and (
                linked.log_name != 'log_checkpoints'
                or linked.previous_hash = case
                    when linked.checkpoint_number = 1 then {{ no_hash_yet() }}
                    else coalesce(heads.head_hash, '')
                end
            )
        ) as is_linked,
        case
            when linked.build_id is null then digests.is_alike
            else
                coalesce(digests.n_current_rows, 0) = linked.n_new_rows
                and linked.content_hash
                = {{ log_content_hash('linked.content_before', 'digests.current_digest') }}
        end as is_log_as_logged,
        case
            when linked.build_id is null then digests.is_alike
            else
                coalesce(digests.n_ledger_rows, 0) = linked.n_new_rows
                and linked.content_hash
                = {{ log_content_hash('linked.content_before', 'digests.ledger_digest') }}
        end as is_ledger_as_logged
    from linked
    full join digests
        on
            linked.log_name = digests.log_name
            and linked.checkpoint_number = digests.checkpoint_number
    left join heads on linked.checkpoint_number - 1 = heads.checkpoint_number

),

final as (

    select
        *,
        bool_and(is_linked and is_log_as_logged and is_ledger_as_logged) over (
            partition by log_name
            order by checkpoint_number
        ) as is_intact
    from recomputed

)

select * from final
