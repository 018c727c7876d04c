{#-
    A query of rows with the checkpoint that each belongs to; what no checkpoint counts yet belongs
    to the next. A piece of 256 places is what rows and checkpoints are joined by.
-#}
{% macro log_placed_rows(rows, pieces, last_checkpoint) -%}
    select
        placed.log_name,
        placed.row_number,
        placed.row_hash,
        coalesce(
            {{ pieces }}.checkpoint_number, {{ last_checkpoint }}.checkpoint_number + 1
        ) as checkpoint_number
    from {{ rows }} as placed
    cross join {{ last_checkpoint }}
    left join {{ pieces }}
        on
            placed.log_name = {{ pieces }}.log_name
            and placed.row_number - (placed.row_number - 1) % 256 = {{ pieces }}.piece_start
            and placed.row_number between {{ pieces }}.first_row and {{ pieces }}.last_row
{%- endmacro %}
