{{ config(materialized='view') }}

with

events as (

    select * from {{ ref('session_events') }}
    where is_in_session and {{ session_part('session_hash') }}

),

windows as (

    select * from {{ ref('session_windows') }}
    where {{ session_part('session_hash') }}

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

-- The one order there is: what decides it comes first, missing prices last.
ordered as (

    select
        session_hash,
        {{ sorted_structs({
            'elapsed_us': 'elapsed_us',
            'type_number': 'type_number',
            'price': "coalesce(price, cast('infinity' as double))",
            'event_hash': 'event_hash',
            'phase_number': 'case when has_phase_text then phase_number end',
            'htf_regime': 'case when has_regime then htf_regime end',
            'role_key': 'coalesce(role_key, 0)',
            'magnitude': 'abs(magnitude)',
            'significance': 'significance',
        }) }} as events
    from events
    group by session_hash

),

priced as (

    select
        *,
        {{ list_where('events', "x.price < cast('infinity' as double)") }} as priced_events
    from ordered

),

final as (

    select
        priced.session_hash,
        by_session.windows,
        {{ list_map('priced.events', 'x.elapsed_us') }} as elapsed_us,
        {{ list_map('priced.events', 'x.phase_number') }} as phase_numbers,
        {{ list_map('priced.events', 'x.htf_regime') }} as regimes,
        {{ list_map('priced.events', 'x.role_key') }} as role_keys,
        {{ list_map('priced.events', 'x.magnitude') }} as magnitudes,
        {{ list_map('priced.events', 'x.significance') }} as significances,
        {{ list_map('priced.priced_events', 'x.elapsed_us') }} as price_elapsed_us,
        {{ list_map('priced.priced_events', 'x.price') }} as prices
    from priced
    inner join by_session on priced.session_hash = by_session.session_hash

)

select * from final
