{#-
    Rows with a value outside its interval. A null passes, and NaN lies in no interval; a closed end
    allows for the rounding of doubles, an open one does not.
-#}
{% test within(model, intervals, rounding=1e-9) %}

with

checked as (

    select
        *,
        concat_ws(
            ', '
            {%- for expression, interval in intervals.items() %}
            {%- set low, high = interval[1:-1].split(',') %},
            case
                when not (
                    {{ expression }}
                    {{ '>=' if interval[0] == '[' else '>' }} cast('{{ low | trim }}' as double)
                    {{- ' - ' ~ rounding if interval[0] == '[' }}
                    and {{ expression }}
                    {{ '<=' if interval[-1] == ']' else '<' }} cast('{{ high | trim }}' as double)
                    {{- ' + ' ~ rounding if interval[-1] == ']' }}
                )
                    then '{{ expression | replace("'", "''") }} not in {{ interval }}'
            end
            {%- endfor %}
        ) as outside
    from {{ model }}

)

select *
from checked
where outside != ''

{% endtest %}
