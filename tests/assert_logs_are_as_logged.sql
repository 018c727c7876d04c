-- Logs only grow. The error that ends this test names log, build and key: a count of rows would not
-- say where to look. What is wrong is only looked for where something is.
-- depends_on: {{ ref('log_breaks') }}
{% if has_rows(ref('log_audit'), 'not is_intact') %}

select string_agg({{ log_break_text() }}, '; ' order by log_name) as breaks
from {{ ref('log_breaks') }}
having {{ fail_with("string_agg(" ~ log_break_text() ~ ", '; ' order by log_name)") }} is null

{% else %}

select 1 as breaks
where false

{% endif %}
