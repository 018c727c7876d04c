with

candidates as (

    select * from {{ ref('session_candidates') }}

),

events as (

    select * from {{ ref('session_events') }}

),

counted as (

    select
        session_hash,
        max(coalesce(duration_declared_us, elapsed_us)) as duration_us,
        count(duration_declared_us) > 0 as has_scheduled_end,
        count(*) as n_events_distinct,
        count(*) filter (where is_in_session) as n_events_kept,
        count(*) filter (where is_time_imputed) as n_events_time_imputed,
        count(*) filter (where is_in_session and price is null) as n_events_without_price,
        count(elapsed_us) as n_events_timed
    from events
    group by session_hash

),

described as (

    select
        candidates.* exclude (duration_us, reason),
        candidates.reason is null as has_window,
        case
            when candidates.session_type is not null and candidates.session_on is not null
                then upper(
                    concat_ws(
                        '_',
                        candidates.symbol,
                        candidates.session_type,
                        strftime(candidates.session_on, '%Y-%m-%d')
                    )
                )
        end as session_id,
        counted.duration_us,
        counted.has_scheduled_end,
        coalesce(counted.n_events_distinct, 0) as n_events_distinct,
        coalesce(counted.n_events_kept, 0) as n_events_kept,
        coalesce(counted.n_events_time_imputed, 0) as n_events_time_imputed,
        coalesce(counted.n_events_without_price, 0) as n_events_without_price,
        case
            when candidates.reason is not null then candidates.reason
            when counted.n_events_timed = 0 then 'no_readable_times'
            when counted.duration_us <= 0 then 'duration_not_positive'
            when counted.duration_us > {{ microseconds(7, 'day') }} then 'duration_too_long'
            {{ session_not_over('candidates', 'counted.duration_us') }}
        end as reason
    from candidates
    left join counted on candidates.session_hash = counted.session_hash

),

ranked as (

    select
        *,
        row_number() over by_richness as richness_rank,
        first_value(file_name) over by_richness as best_file_name,
        first_value(given_symbol) over by_richness as best_symbol,
        first_value(session_type) over by_richness as best_type
    from described
    window by_richness as (
        partition by session_id, reason is null
        order by n_events_kept desc, file_name asc, session_key asc
    )

),

-- Symbol NY and type am would make the id of type ny_am: one of them cannot have it.
judged as (

    select
        *,
        reason is null
        and (given_symbol != best_symbol or session_type != best_type) as is_ambiguous
    from ranked

),

final as (

    select
        file_name,
        session_key,
        session_hash,
        session_id,
        symbol,
        session_type,
        session_on,
        time_zone,
        start_local,
        {{ utc_instant('start_local', 'time_zone') }} as started_at,
        duration_us,
        has_scheduled_end,
        has_window,
        n_events_distinct,
        n_events_kept,
        n_events_time_imputed,
        n_events_without_price,
        case
            when reason is null and richness_rank > 1 and not is_ambiguous then best_file_name
        end as superseded_by,
        case
            when reason is not null then reason
            when is_ambiguous then 'ambiguous_session_id'
            when richness_rank > 1 then 'superseded'
            when n_events_kept < {{ var('min_events') }} then 'too_few_events'
        end as reason
    from judged

)

select * from final
