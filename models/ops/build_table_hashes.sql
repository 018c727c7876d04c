{% for table_name, left_out in published_tables().items() %}
{{ content_hash(ref(table_name), table_name, left_out) }}
{% if not loop.last %}union all{% endif %}
{% endfor %}
