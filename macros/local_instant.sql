{#-
    An ISO 8601 text as a timestamp local to a zone; an offset in the text is honoured, and null is
    no ISO text.
-#}
{% macro local_instant(text_value, time_zone) -%}
    {{- return(adapter.dispatch('local_instant', 'archetype')(text_value, time_zone)) -}}
{%- endmacro %}

{% macro default__local_instant(text_value, time_zone) -%}
    case
        -- Clock times are most, and no pattern need be tried on them.
        when length({{ text_value }}) < 16 then null
        when regexp_matches({{ text_value }}, '^\d{4}-\d{2}-\d{2}.*(Z|[+-]\d{2}(:?\d{2})?)$')
            and {{ text_value }} like '%:%'
            then timezone({{ time_zone }}, try_cast({{ text_value }} as timestamptz))
        when regexp_matches({{ text_value }}, '^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}')
            then try_cast({{ text_value }} as timestamp)
    end
{%- endmacro %}
