{{ config(materialized='view') }}

with

audit as (

    select * from {{ ref('log_audit') }}

),

differences as (

    select * from {{ ref('log_differences') }}

),

first_breaks as (

    select *
    from (
        select
            *,
            coalesce(max(row_count) over log_before, 0) as rows_before,
            row_number() over (partition by log_name, is_intact order by checkpoint_number) as place
        from audit
        window log_before as (
            partition by log_name
            order by checkpoint_number
            rows between unbounded preceding and 1 preceding
        )
    ) as placed
    where not is_intact and place = 1

),

final as (

    select
        first_breaks.log_name,
        first_breaks.checkpoint_number,
        first_breaks.build_id,
        first_breaks.started_at,
        case
            when differences.log_name is not null and first_breaks.is_log_as_logged
                then 'ledger_changed'
            when differences.log_name is not null then differences.difference
            when not first_breaks.is_linked then 'chain_broken'
            else 'content_changed'
        end as problem,
        differences.row_number,
        case
            when differences.difference = 'row_inserted' then differences.current_key
            else coalesce(differences.ledger_key, differences.current_key)
        end as row_key
    from first_breaks
    left join differences
        on
            first_breaks.log_name = differences.log_name
            and first_breaks.rows_before < differences.row_number
            and coalesce(first_breaks.row_count, differences.row_number) >= differences.row_number

)

select * from final
