-- depends_on: {{ ref('session_early_training') }}
-- Whoever selects part of the graph gets the callers of now, not those of an earlier build.

with

known as (

    {{ earlier_rows('session_early_caller_log', {'caller_version': 'varchar'}) }}

),

final as (

    select caller_version
    from known

)

select * from final
