with

features as (

    select * from {{ ref('session_window_features') }}
    where n_events >= {{ var('min_events') }}

),

ranges as (

    select * from {{ ref('session_range_features') }}

),

described as (

    select
        features.*,
        ranges.range_vs_median
    from features
    left join ranges
        on
            features.session_id = ranges.session_id
            and features.checkpoint_pct = ranges.checkpoint_pct

),

flagged as (

    select
        *,
        [
            {%- for name in session_feature_names() %}
            case when {{ session_missing_input(name) }} then '{{ name }}' end
            {{- ',' if not loop.last }}
            {%- endfor %}
        ] as names_or_nulls
    from described

),

named as (

    select
        *,
        {{ list_where('names_or_nulls', 'x is not null') }} as imputed_features
    from flagged

),

final as (

    select
        session_id,
        cast(checkpoint_pct as integer) as checkpoint_pct,
        session_type,
        session_on,
        started_at,
        as_of_at,
        {% for name in session_feature_names() %}
        {{ session_imputed_value(name) }} as {{ name }},
        {% endfor %}
        cast([
            {%- for name in session_feature_names() %}
            {{ session_imputed_value(name) }}{{ ',' if not loop.last }}
            {%- endfor %}
        ] as double[30]) as feature_vector,
        cast(n_events as integer) as n_events,
        imputed_features,
        cast(len(imputed_features) as integer) as n_imputed,
        len(imputed_features) > {{ var('max_imputed_to_fit') }} as is_low_information,
        relative_range,
        '{{ session_feature_schema() }}' as feature_schema
    from named

)

select * from final
