with

matches as (

    select * from {{ ref('detection_matches') }}

),

patterns as (

    select 'all' as scope
    union
    select pattern as scope
    from matches
    where pattern is not null

),

scoped as (

    select
        patterns.scope,
        matches.*
    from matches
    inner join patterns on patterns.scope in ('all', matches.pattern)

),

-- Whoever reads a name reads its confidence with it: an anomaly without a name claims nothing.
bins as (

    select
        scope,
        moment,
        least(floor(5 * cluster_match_confidence), 4) as bin_number,
        count(*) as n_rows,
        abs(
            {{ exact_sum('cluster_match_confidence') }}
            - count(*) filter (where is_right)
        ) as gap
    from scoped
    where is_named
    group by scope, moment, bin_number

),

calibration as (

    select
        scope,
        moment,
        {{ exact_sum('gap') }} / sum(n_rows) as expected_calibration_error
    from bins
    group by scope, moment

),

-- Only the report that found an anomaly answers for it; further ones would count it twice.
counted as (

    select
        scope,
        moment,
        count(*) as n_matched,
        count(*) filter (where is_known) as n_known,
        count(*) filter (where is_right) as n_right,
        count(*) filter (where not is_named) as n_unmatched
    from scoped
    where report_role = 'first'
    group by scope, moment

),

final as (

    select
        counted.scope as pattern,
        counted.moment,
        counted.n_matched,
        cast(counted.n_right as double) / nullif(counted.n_known, 0) as match_accuracy,
        cast(counted.n_unmatched as double) / counted.n_matched as unmatched_share,
        calibration.expected_calibration_error
    from counted
    left join calibration
        on counted.scope = calibration.scope and counted.moment = calibration.moment

)

select * from final
