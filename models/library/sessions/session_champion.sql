with

earlier_models as (

    {{ earlier_rows('session_model_log', session_model_columns()) }}

),

final as (

    select *
    from earlier_models
    order by version_number desc
    limit 1

)

select * from final
