{#- Rows whose combination of the given columns occurs more than once or has a null in it. -#}
{% test unique_combination(model, columns) %}

select
    {{ columns | join(', ') }},
    count(*) as n_rows
from {{ model }}
group by {{ columns | join(', ') }}
having
    count(*) > 1
    {%- for name in columns %}
    or {{ name }} is null
    {%- endfor %}

{% endtest %}
