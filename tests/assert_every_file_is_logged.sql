-- No silent skip: a raw file that is listed has a row in the log, and no row is of another file.
with

listed as (

    select file_name from {{ ref('list_session_files') }}

),

logged as (

    select distinct file_name from {{ ref('session_processing_log') }}

)

select
    listed.file_name as listed_file,
    logged.file_name as logged_file
from listed
full join logged on listed.file_name = logged.file_name
where listed.file_name is null or logged.file_name is null
