{{ config(materialized='view') }}

-- Only the first chunk that differs is read row by row; then all keys, to say what became of a row.
with

chunks as (

    select * from {{ ref('log_chunks') }}

),

first_chunks as (

    select
        log_name,
        min(chunk_start) as chunk_start
    from chunks
    where
        current_hash is distinct from ledger_hash
        or n_current_rows is distinct from n_ledger_rows
    group by log_name

),

{% for name, relation in [
    ('current_rows', ref('log_current_rows')), ('ledger_rows', ref('log_row_hashes'))
] %}
{{ name }} as (

    select found.*
    from {{ relation }} as found
    inner join first_chunks
        on
            found.log_name = first_chunks.log_name
            and found.row_number - (found.row_number - 1) % 16384 = first_chunks.chunk_start

),

{% endfor %}
differing_rows as (

    select
        coalesce(ledger_rows.log_name, current_rows.log_name) as log_name,
        coalesce(ledger_rows.row_number, current_rows.row_number) as row_number,
        ledger_rows.row_key as ledger_key,
        ledger_rows.row_hash as ledger_hash,
        current_rows.row_key as current_key
    from ledger_rows
    full join current_rows
        on
            ledger_rows.log_name = current_rows.log_name
            and ledger_rows.row_number = current_rows.row_number
    where
        ledger_rows.row_hash is distinct from current_rows.row_hash
        or ledger_rows.row_key is distinct from current_rows.row_key

),

first_rows as (

    select *
    from (
        select
            *,
            row_number() over (partition by log_name order by row_number) as place
        from differing_rows
    ) as ordered
    where place = 1

),

sightings as (

    select
        first_rows.log_name,
        count_if(found.row_key = first_rows.ledger_key) as n_ledger_key,
        count_if(
            found.row_key = first_rows.ledger_key and found.row_hash = first_rows.ledger_hash
        ) as n_unchanged,
        count_if(found.row_key = first_rows.current_key) as n_current_key
    from {{ ref('log_current_rows') }} as found
    inner join first_rows on found.log_name = first_rows.log_name
    group by first_rows.log_name

),

ledger_sightings as (

    select
        first_rows.log_name,
        count_if(found.row_key = first_rows.current_key) as n_current_key
    from {{ ref('log_row_hashes') }} as found
    inner join first_rows on found.log_name = first_rows.log_name
    group by first_rows.log_name

),

final as (

    select
        first_rows.log_name,
        first_rows.row_number,
        first_rows.ledger_key,
        first_rows.current_key,
        case
            when first_rows.ledger_key = first_rows.current_key then 'row_changed'
            when first_rows.ledger_key is null then 'row_inserted'
            when coalesce(sightings.n_ledger_key, 0) = 0 then 'row_missing'
            when sightings.n_current_key > coalesce(ledger_sightings.n_current_key, 0)
                then 'row_inserted'
            when sightings.n_unchanged = 0 then 'row_changed'
            else 'row_reordered'
        end as difference
    from first_rows
    left join sightings on first_rows.log_name = sightings.log_name
    left join ledger_sightings on first_rows.log_name = ledger_sightings.log_name

)

select * from final
