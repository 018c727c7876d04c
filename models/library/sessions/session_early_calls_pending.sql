with

selection as (

    select * from {{ ref('session_selection') }}
    where reason is null

),

checkpoints as (

    select unnest({{ var('checkpoints') }}) as checkpoint_pct

),

windows as (

    select * from {{ ref('session_windows') }}

),

fingerprints as (

    select * from {{ ref('session_fingerprints') }}

),

champion as (

    select * from {{ ref('session_models') }}
    where status = 'champion'

),

training as (

    select * from {{ ref('session_early_training') }}
    where checkpoint_pct = 100

),

called as (

    {{ earlier_rows('session_early_calls', {
        'session_id': 'varchar', 'checkpoint_pct': 'integer', 'model_version': 'varchar'
    }) }}

),

due as (

    select
        selection.session_id,
        cast(checkpoints.checkpoint_pct as integer) as checkpoint_pct,
        champion.model_version,
        selection.session_type,
        selection.session_on,
        selection.has_scheduled_end,
        {{ after_microseconds('selection.started_at', 'selection.duration_us') }} as ended_at
    from selection
    cross join checkpoints
    cross join champion
    where {{ session_fingerprinting() }}

),

final as (

    select
        due.session_id,
        due.checkpoint_pct,
        due.model_version,
        due.session_type,
        due.session_on,
        cast(fingerprints.feature_vector as double[]) as feature_vector,
        {{ imputed_flags('fingerprints.imputed_features') }} as is_imputed,
        training.session_id is not null as is_training,
        coalesce(fingerprints.is_low_information, false) as is_low_information,
        {{ vector_md5('fingerprints.feature_vector') }} as vector_md5,
        coalesce(windows.as_of_at, due.ended_at) as as_of_at,
        case
            when fingerprints.session_id is not null then 'called'
            when due.has_scheduled_end or due.checkpoint_pct = 100 then 'too_few_events'
            else 'no_scheduled_end'
        end as reason
    from due
    left join windows
        on
            due.session_id = windows.session_id
            and due.checkpoint_pct = windows.checkpoint_pct
    left join fingerprints
        on
            due.session_id = fingerprints.session_id
            and due.checkpoint_pct = fingerprints.checkpoint_pct
    left join training
        on due.session_id = training.session_id and due.model_version = training.model_version
    anti join called
        on
            due.session_id = called.session_id
            and due.checkpoint_pct = called.checkpoint_pct
            and due.model_version = called.model_version

)

select * from final
