with

logged as (

    {{ earlier_rows('sales_processing_log', sales_log_columns()) }}

),

final as (

    select
        * exclude (file_kind),
        status = 'processed' and n_rows_tick_not_complete = 0 as is_finished
    from logged
    where file_kind = 'sales'

)

select * from final
