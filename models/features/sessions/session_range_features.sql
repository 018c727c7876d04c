with

ranges as (

    select * from {{ ref('session_relative_ranges') }}

),

peered as (

    select
        *,
        median(relative_range) over peers as peer_median,
        coalesce(max(as_of_at) over peers > as_of_at, false) as has_unfinished_peer
    from ranges
    window peers as (
        partition by session_type, checkpoint_pct
        order by started_at
        range between interval {{ var('peer_days') }} days preceding
        and interval 1 microsecond preceding
    )

),

-- A peer that began before but is described later would let this row see the future.
finished_peers as (

    select
        peered.session_id,
        peered.checkpoint_pct,
        median(ranges.relative_range) as peer_median
    from peered
    inner join ranges
        on
            peered.session_type = ranges.session_type
            and peered.checkpoint_pct = ranges.checkpoint_pct
            and ranges.started_at >= peered.started_at - interval {{ var('peer_days') }} days
            and ranges.started_at < peered.started_at
            and ranges.as_of_at <= peered.as_of_at
    where peered.has_unfinished_peer
    group by peered.session_id, peered.checkpoint_pct

),

usual as (

    select
        peered.session_id,
        peered.checkpoint_pct,
        peered.relative_range,
        case
            when peered.has_unfinished_peer then finished_peers.peer_median
            else peered.peer_median
        end as peer_median
    from peered
    left join finished_peers
        on
            peered.session_id = finished_peers.session_id
            and peered.checkpoint_pct = finished_peers.checkpoint_pct

),

final as (

    select
        session_id,
        checkpoint_pct,
        relative_range,
        peer_median,
        case
            when relative_range > 0 and peer_median > 0 then ln(relative_range / peer_median)
        end as range_vs_median
    from usual

)

select * from final
