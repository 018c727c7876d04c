{{ config(materialized='view') }}

with

events as (

    select * from {{ ref('session_events') }}
    where is_in_session and {{ session_part('session_hash') }}

),

windows as (

    select * from {{ ref('session_windows') }}

),

by_session as (

    select
        session_hash,
        {{ sorted_structs({
            'checkpoint_pct': 'checkpoint_pct',
            'session_id': 'session_id',
            'session_type': 'session_type',
            'session_on': 'session_on',
            'started_at': 'started_at',
            'as_of_at': 'as_of_at',
            'horizon_us': 'horizon_us',
        }) }} as windows
    from windows
    group by session_hash

),

-- The one order there is: what decides it comes first, missing prices last. Windows come along with
-- the events, because a later join would hold the lists of all sessions at once; each field costs.
ordered as (

    select
        events.session_hash,
        any_value(by_session.windows) as windows,
        {{ sorted_structs({
            'elapsed_us': 'events.elapsed_us',
            'type_number': 'events.type_number',
            'price': "coalesce(events.price, cast('infinity' as double))",
            'event_hash': 'events.event_hash',
            'phase_number': 'case when events.has_phase_text then events.phase_number end',
            'htf_regime': 'case when events.has_regime then events.htf_regime end',
            'role_key': 'coalesce(events.role_key, 0)',
            'magnitude': 'abs(events.magnitude)',
            'significance': 'events.significance',
        }) }} as events
    from events
    inner join by_session on events.session_hash = by_session.session_hash
    group by events.session_hash

),

priced as (

    select
        *,
        {{ list_where('events', "x.price < cast('infinity' as double)") }} as priced_events
    from ordered

),

final as (

    select
        session_hash,
        windows,
        {{ list_map('events', 'x.elapsed_us') }} as elapsed_us,
        {{ list_map('events', 'x.phase_number') }} as phase_numbers,
        {{ list_map('events', 'x.htf_regime') }} as regimes,
        {{ list_map('events', 'x.role_key') }} as role_keys,
        {{ list_map('events', 'x.magnitude') }} as magnitudes,
        {{ list_map('events', 'x.significance') }} as significances,
        {{ list_map('priced_events', 'x.elapsed_us') }} as price_elapsed_us,
        {{ list_map('priced_events', 'x.price') }} as prices
    from priced

)

select * from final
