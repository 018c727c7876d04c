-- No silent skip: a raw row of sales or of supplied reports is used, or counted under one reason.
select *
from {{ ref('sales_processing_log') }}
where
    n_rows
    != n_rows_used
    {%- for reason in sales_log_reasons() %}
    + n_rows_{{ reason }}
    {%- endfor %}
