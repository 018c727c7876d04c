with

events as (

    select * from {{ ref('session_window_events') }}

),

measured as (

    select
        session_id,
        checkpoint_pct,
        horizon_us,
        count(*) as n_events,
        {{ exact_avg('elapsed_us / horizon_us') }} as time_center,
        {{ exact_stddev_pop('elapsed_us / horizon_us') }} as time_std,
        (max(elapsed_us) - min(elapsed_us)) / horizon_us as active_span_ratio,
        {{ coefficient_of_variation('gap_us') }} as gap_cv
    from events
    group by session_id, checkpoint_pct, horizon_us

),

tenths as (

    select
        session_id,
        checkpoint_pct,
        window_tenth,
        count(*) as n_events
    from events
    group by session_id, checkpoint_pct, window_tenth

),

spread as (

    select
        session_id,
        checkpoint_pct,
        cast(sum(n_events) as bigint) as n_events,
        cast(sum(n_events * n_events) as bigint) as sum_of_squares,
        max(n_events) as largest
    from tenths
    group by session_id, checkpoint_pct

),

final as (

    select
        measured.session_id,
        measured.checkpoint_pct,
        measured.time_std,
        1 / (1 + measured.gap_cv) as spacing_regularity,
        measured.active_span_ratio,
        -- Empty tenths count too: ten counts whose mean is n / 10.
        sqrt(10 * spread.sum_of_squares - spread.n_events * spread.n_events) / spread.n_events
            as time_cluster_cv,
        1e0 * spread.largest / spread.n_events as burst_intensity,
        measured.time_center,
        ln(1 + measured.n_events / (measured.horizon_us / 3600e6)) as event_density
    from measured
    inner join spread
        on
            measured.session_id = spread.session_id
            and measured.checkpoint_pct = spread.checkpoint_pct

)

select * from final
