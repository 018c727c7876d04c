-- The library in force, and every one that a report was placed by, has all its curves on the map.
with

curves as (

    select count(*) as n_curves
    from {{ ref('cluster_library_vectors') }}

),

in_force as (

    select distinct library_version
    from {{ ref('cluster_library') }}

),

used as (

    select library_version
    from {{ ref('minority_report_map') }}
    union
    select library_version
    from in_force

),

anchors as (

    select
        library_version,
        count(*) as n_anchors
    from {{ ref('minority_map_anchors') }}
    group by library_version

)

select
    used.library_version,
    curves.n_curves,
    anchors.n_anchors
from used
cross join curves
left join anchors on used.library_version = anchors.library_version
left join in_force on used.library_version = in_force.library_version
where
    anchors.n_anchors is null
    or (in_force.library_version is not null and anchors.n_anchors != curves.n_curves)
