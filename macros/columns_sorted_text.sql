{#-
    A row's text from its columns in the order of their names, nulls left out, so that a column of
    another file changes nothing. Where the row stands, which the reader adds, is no part of it.
-#}
{% macro columns_sorted_text(names) -%}
    '{' || concat_ws(
        ', ',
        null
        {%- for name in names | sort if name not in ('raw_file_path', 'file_row_number') %},
        {{ "'" ~ tojson(name) | replace("'", "''") ~ ": '" }} || to_json({{ quoted_name(name) }})
        {%- endfor %}
    ) || '}'
{%- endmacro %}
