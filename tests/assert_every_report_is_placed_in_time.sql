-- Of the ticks of this build, each that is a report's map_ticks-th, or its last if that is first,
-- has given the report its place on the map.
select
    slices.report_id,
    slices.version
from {{ ref('anomaly_slices') }} as slices
cross join {{ ref('stg_sales__clock') }} as clock
left join {{ ref('minority_report_map') }} as places on slices.report_id = places.report_id
where
    slices.written_at >= clock.replay_from
    and (
        slices.version = {{ var('map_ticks') }}
        or (slices.is_ended and slices.version < {{ var('map_ticks') }})
    )
    and places.report_id is null
