-- The library in force, and every one that a report was placed by, has all its curves on the map.
with

anchors as (

    select
        library_version,
        count(*) as n_anchors
    from {{ ref('minority_map_anchors') }}
    group by library_version

),

used as (

    select
        library_version,
        null as n_curves
    from {{ ref('minority_report_map') }}
    union
    select
        versions.library_version,
        curves.n_curves
    from (select distinct library_version from {{ ref('cluster_library') }}) as versions
    cross join (select count(*) as n_curves from {{ ref('cluster_library_vectors') }}) as curves

)

select
    used.library_version,
    used.n_curves,
    anchors.n_anchors
from used
left join anchors on used.library_version = anchors.library_version
where
    anchors.n_anchors is null
    or used.n_curves != anchors.n_anchors
