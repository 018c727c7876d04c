{{ config(materialized='view') }}

with

checkpoints as (

    select * from {{ ref('log_checkpoints') }}

),

last_checkpoint as (

    select coalesce(max(checkpoint_number), 0) as checkpoint_number from checkpoints

),

pieces as (

    select
        log_name,
        checkpoint_number,
        row_count - n_new_rows + 1 as first_row,
        row_count as last_row,
        256 * {{ each_integer(
            'cast(floor((row_count - n_new_rows) / 256e0) as integer)',
            'cast(floor((row_count - 1) / 256e0) as integer)'
        ) }} + 1 as piece_start
    from checkpoints
    where n_new_rows > 0

),

placed_rows as (

    {{ log_placed_rows(ref('log_current_rows'), 'pieces', 'last_checkpoint') }}

),

placed_hashes as (

    {{ log_placed_rows(ref('log_row_hashes'), 'pieces', 'last_checkpoint') }}

),

current_chunks as (

    {{ log_chunk_hashes('placed_rows') }}

),

ledger_chunks as (

    {{ log_chunk_hashes('placed_hashes') }}

),

final as (

    select
        coalesce(current_chunks.log_name, ledger_chunks.log_name) as log_name,
        coalesce(current_chunks.checkpoint_number, ledger_chunks.checkpoint_number)
            as checkpoint_number,
        coalesce(current_chunks.chunk_start, ledger_chunks.chunk_start) as chunk_start,
        current_chunks.n_rows as n_current_rows,
        current_chunks.chunk_hash as current_hash,
        ledger_chunks.n_rows as n_ledger_rows,
        ledger_chunks.chunk_hash as ledger_hash
    from current_chunks
    full join ledger_chunks
        on
            current_chunks.log_name = ledger_chunks.log_name
            and current_chunks.checkpoint_number = ledger_chunks.checkpoint_number
            and current_chunks.chunk_start = ledger_chunks.chunk_start

)

select * from final
