with

champion as (

    select * from {{ ref('session_champion') }}

),

sessions as (

    select * from {{ ref('session_training') }}

),

features as (

    select
        unnest({{ session_feature_names() }}) as feature_name,
        unnest(range(1, {{ session_feature_names() | length }} + 1)) as feature_number

),

unnested as (

    select unnest(training) as fitted from champion

),

fitted_sessions as (

    select
        fitted.session_id,
        fitted.feature_vector
    from unnested

),

fitted_values as (

    select
        features.feature_number,
        fitted_sessions.feature_vector[features.feature_number] as feature_value
    from fitted_sessions
    cross join features

),

new_values as (

    select
        features.feature_number,
        case
            when not sessions.is_imputed[features.feature_number]
                then sessions.feature_vector[features.feature_number]
        end as feature_value
    from sessions
    anti join fitted_sessions on sessions.session_id = fitted_sessions.session_id
    cross join features

),

bin_edges as (

    select
        feature_number,
        list_sort(list_distinct(quantile_cont(feature_value, {{ drift_quantiles() }}))) as edges
    from fitted_values
    where feature_value is not null
    group by feature_number

),

binned as (

    select
        'fitted' as side,
        *
    from fitted_values
    union all
    select
        'new' as side,
        *
    from new_values

),

final as (

    select
        binned.feature_number,
        len(list_filter(bin_edges.edges, lambda edge: edge < binned.feature_value))
            as bin_number,
        max(len(bin_edges.edges)) + 1 as n_bins,
        count(*) filter (where binned.side = 'fitted') as n_fitted,
        count(*) filter (where binned.side = 'new') as n_new
    from binned
    inner join bin_edges on binned.feature_number = bin_edges.feature_number
    where binned.feature_value is not null
    group by all

)

select * from final
