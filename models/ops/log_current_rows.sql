{{ config(materialized='view') }}

with

final as (

    {% for log_name in append_only_tables() %}
    select
        log_name,
        row_number,
        row_key,
        row_hash
    from ({{ log_rows(ref(log_name), log_name) }}) as {{ log_name }}_rows
    {% if not loop.last %}union all{% endif %}
    {% endfor %}

)

select * from final
