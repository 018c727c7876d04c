{#-
    A row's text from its columns in the order of their names, nulls left out, so that a column of
    another file changes nothing. Where the row stands, which the reader adds, is no part of it, nor
    are columns whose names in lower case are among those to leave out.
-#}
{% macro columns_sorted_text(names, left_out=()) -%}
    {%- set added = ('raw_file_path', 'file_row_number') -%}
    '{' || concat_ws(
        ', ',
        null
        {%- for name in names | sort if name not in added and name | lower not in left_out %},
        {{ "'" ~ tojson(name) | replace("'", "''") ~ ": '" }} || to_json({{ quoted_name(name) }})
        {%- endfor %}
    ) || '}'
{%- endmacro %}
