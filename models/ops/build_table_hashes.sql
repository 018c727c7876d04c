with

{% for table_name, left_out in published_tables().items() %}
{{ table_name }}_hash as (

    {{ content_hash(ref(table_name), table_name, left_out) }}

),

{% endfor %}
final as (

    {% for table_name in published_tables() %}
    select
        table_name,
        row_count,
        content_hash
    from {{ table_name }}_hash
    {% if not loop.last %}union all{% endif %}
    {% endfor %}

)

select * from final
