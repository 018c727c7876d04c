-- A report has its place on the map from its map_ticks-th tick or its end, whichever comes first.
select
    vectors.report_id,
    vectors.version
from {{ ref('anomaly_vectors') }} as vectors
left join {{ ref('minority_report_map') }} as places on vectors.report_id = places.report_id
where
    (
        vectors.version = {{ var('map_ticks') }}
        or (vectors.is_ended and vectors.version < {{ var('map_ticks') }})
    )
    and places.report_id is null
