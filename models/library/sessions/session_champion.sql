-- depends_on: {{ ref('session_training') }}
-- Whoever selects part of the graph gets the champion of now, not that of an earlier build.

with

earlier_models as (

    {{ earlier_rows('session_model_log', session_model_columns()) }}

),

final as (

    select {{ session_model_columns() | join(', ') }}
    from earlier_models
    order by version_number desc
    limit 1

)

select * from final
