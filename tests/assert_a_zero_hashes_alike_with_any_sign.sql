-- DuckDB's compression of doubles turns -0.0 into 0.0 in some copies of a table: a content hash
-- that saw the difference would call an honest copy altered.
with

negative as (

    {{ content_hash("(select cast(['1.5', '-0.0', '-0.05'] as double[]) as x)", 'n') }}

),

positive as (

    {{ content_hash("(select cast(['1.5', '0.0', '-0.05'] as double[]) as x)", 'p') }}

),

another as (

    {{ content_hash("(select cast(['1.5', '0.0', '0.05'] as double[]) as x)", 'a') }}

),

final as (

    select negative.content_hash
    from negative
    cross join positive
    cross join another
    where
        negative.content_hash != positive.content_hash
        or positive.content_hash = another.content_hash

)

select * from final
