-- Each reason of a row in the seed is counted in a column of the log, and each count has a reason.
with

counted as (

    select unnest({{ sql_text_list(sales_log_reasons()) }}) as reason

),

explained as (

    select reason from {{ ref('sales_reasons') }}
    where applies_to = 'row'

)

select
    counted.reason as counted_reason,
    explained.reason as explained_reason
from counted
full join explained on counted.reason = explained.reason
where counted.reason is null or explained.reason is null
