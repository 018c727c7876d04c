-- DuckDB's compression of doubles turns -0.0 into 0.0 in some copies of a table: a content hash
-- that saw the difference would call an honest copy altered.
with

negative as (

    select md5({{ row_text('content_row') }}) as row_md5
    from (select cast(['1.5', '-0.0', '-0.05'] as double[]) as x) as content_row

),

positive as (

    select md5({{ row_text('content_row') }}) as row_md5
    from (select cast(['1.5', '0.0', '-0.05'] as double[]) as x) as content_row

),

another as (

    select md5({{ row_text('content_row') }}) as row_md5
    from (select cast(['1.5', '0.0', '0.05'] as double[]) as x) as content_row

),

final as (

    select negative.row_md5
    from negative
    cross join positive
    cross join another
    where
        negative.row_md5 != positive.row_md5
        or positive.row_md5 = another.row_md5

)

select * from final
