{#-
    Rows of ticks that this build has added whose combination of the given columns occurs more than
    once: what stands for the primary key of a table that holds every series at every tick, whose
    index would have to lie in memory. What earlier builds added they were asked about themselves.
-#}
{% test unique_among_new_ticks(model, columns) %}

select
    {{ columns | join(', ') }},
    count(*) as n_rows
from {{ model }}
where
    written_at > (
        select coalesce(max(clock.processed_to), timestamp '1900-01-01 00:00:00')
        from {{ ref('stg_sales__clock') }} as clock
    )
group by {{ columns | join(', ') }}
having count(*) > 1

{% endtest %}
