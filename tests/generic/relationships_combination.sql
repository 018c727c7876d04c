{#- Rows whose combination of columns has no null in it and is missing in another relation. -#}
{% test relationships_combination(model, columns, to, to_columns=none) %}

select distinct
    {%- for name in columns %}
    child.{{ name }}{{ ',' if not loop.last }}
    {%- endfor %}
from {{ model }} as child
left join {{ to }} as parent
    on
        {%- for name in columns %}
        {{ 'and ' if not loop.first -}}
        child.{{ name }} = parent.{{ (to_columns or columns)[loop.index0] }}
        {%- endfor %}
where
    parent.{{ (to_columns or columns)[0] }} is null
    {%- for name in columns %}
    and child.{{ name }} is not null
    {%- endfor %}

{% endtest %}
