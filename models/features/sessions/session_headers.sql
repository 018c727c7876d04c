{{ config(materialized='view') }}

with

json_files as (

    select * from {{ ref('stg_session_json__files') }}
    where reason is null

),

parquet_sessions as (

    select * from {{ ref('stg_session_parquet__sessions') }}

),

session_types as (

    select * from {{ ref('session_types') }}

),

aliases as (

    select * from {{ ref('session_time_zones') }}

),

known_zones as (

    select * from {{ known_time_zones() }}

),

read_headers as (

    select
        file_name,
        file_name as session_key,
        symbol,
        session_type,
        session_date,
        session_start,
        session_end,
        session_duration,
        time_zone
    from json_files
    union all
    select * from parquet_sessions

),

named as (

    select
        *,
        {{ slug('session_type') }} as type_slug,
        upper({{ slug('symbol') }}) as symbol_slug,
        coalesce(nullif(time_zone, ''), {{ sql_text(var('default_time_zone')) }}) as zone_name,
        try_cast(session_duration as double) as minutes
    from read_headers

),

zoned as (

    select
        named.*,
        coalesce(aliases.time_zone, known_zones.name) as zone,
        coalesce(session_types.session_type, named.type_slug) as type_name
    from named
    left join session_types on named.type_slug = session_types.raw_session_type
    left join aliases on named.zone_name = aliases.raw_time_zone
    left join known_zones on named.zone_name = known_zones.name

),

final as (

    select
        file_name,
        session_key,
        nullif(symbol_slug, '') as symbol,
        nullif(type_name, '') as session_type,
        zone as time_zone,
        upper(trim(coalesce(symbol, ''))) as given_symbol,
        case
            when regexp_matches(session_date, '^\s*\d{4}-\d{2}-\d{2}')
                then try_cast(session_date as date)
        end as given_on,
        {{ clock_time('trim(session_start)') }} as start_clock_us,
        {{ clock_time('trim(session_end)') }} as end_clock_us,
        {{ local_instant('trim(session_start)', "coalesce(zone, 'UTC')") }} as start_instant,
        {{ local_instant('trim(session_end)', "coalesce(zone, 'UTC')") }} as end_instant,
        coalesce(session_end, session_duration) is not null as is_end_given,
        -- A million minutes are two years: beyond, microseconds would not fit.
        case when abs(minutes) < 1e6 then cast(round(minutes * 60e6) as bigint) end
            as duration_given_us
    from zoned

)

select * from final
