-- What the log calls used, now or once, is what stands in the store of ticks, file by file.
with

stored_files as (

    select
        file_name,
        sum(n_rows) as n_rows_stored
    from {{ ref('stg_sales__ticks') }}
    group by file_name

),

counted as (

    select
        file_name,
        n_rows_used + n_rows_withdrawn as n_rows_counted
    from {{ ref('sales_processing_log') }}
    where file_kind = 'sales' and n_rows_used + n_rows_withdrawn > 0

)

select
    stored_files.file_name as stored_file,
    counted.file_name as counted_file,
    stored_files.n_rows_stored,
    counted.n_rows_counted
from stored_files
full join counted on stored_files.file_name = counted.file_name
where stored_files.n_rows_stored is distinct from counted.n_rows_counted
