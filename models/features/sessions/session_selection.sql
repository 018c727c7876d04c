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
        max(elapsed_us) as last_elapsed_us,
        count(*) as n_events_distinct,
        count(*) filter (where is_in_session) as n_events_kept,
        count(*) filter (where is_time_imputed) as n_events_time_imputed,
        count(*) filter (where is_in_session and price is null) as n_events_without_price,
        count(elapsed_us) as n_events_timed
    from events
    group by session_hash

),

timed as (

    select
        candidates.* exclude (duration_us),
        counted.n_events_distinct,
        counted.n_events_kept,
        counted.n_events_time_imputed,
        counted.n_events_without_price,
        counted.n_events_timed,
        case
            when counted.n_events_distinct > 0
                then coalesce(candidates.duration_us, counted.last_elapsed_us)
        end as duration_us,
        case when counted.n_events_distinct > 0 then candidates.duration_us is not null end
            as has_scheduled_end
    from candidates
    left join counted on candidates.session_hash = counted.session_hash

),

described as (

    select
        file_name,
        session_key,
        session_hash,
        symbol,
        given_symbol,
        session_type,
        session_on,
        time_zone,
        start_local,
        duration_us,
        has_scheduled_end,
        reason is null as has_window,
        case
            when session_type is not null and session_on is not null
                then upper(
                    concat_ws('_', symbol, session_type, strftime(session_on, '%Y-%m-%d'))
                )
        end as session_id,
        coalesce(n_events_distinct, 0) as n_events_distinct,
        coalesce(n_events_kept, 0) as n_events_kept,
        coalesce(n_events_time_imputed, 0) as n_events_time_imputed,
        coalesce(n_events_without_price, 0) as n_events_without_price,
        case
            when reason is not null then reason
            when n_events_timed = 0 then 'no_readable_times'
            when duration_us <= 0 then 'duration_not_positive'
            when duration_us > {{ microseconds(7, 'day') }} then 'duration_too_long'
            {{ session_not_over('timed', 'timed.duration_us') }}
        end as reason
    from timed

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
