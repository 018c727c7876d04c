-- No silent skip: a raw file that is listed has a row in the log, and no row is of another file,
-- unless that file is gone and its rows were used.
with

listed as (

    select
        'sales' as file_kind,
        file_name
    from {{ ref('list_sales_files') }}
    union all
    select
        'reports' as file_kind,
        file_name
    from {{ ref('list_supplied_reports') }}

),

present as (

    select
        file_kind,
        file_name
    from {{ ref('sales_processing_log') }}
    where reason != 'file_gone'

)

select
    listed.file_name as listed_file,
    present.file_name as logged_file
from listed
full join present on listed.file_kind = present.file_kind and listed.file_name = present.file_name
where listed.file_name is null or present.file_name is null
