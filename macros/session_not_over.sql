{#-
    The branch of a case that leaves out sessions which end after the variable sessions_to; nothing
    where that is empty.
-#}
{% macro session_not_over(header, duration_us) -%}
    {%- if var('sessions_to') -%}
    when
        {{ after_microseconds(
            utc_instant(header ~ '.start_local', header ~ '.time_zone'), duration_us
        ) }} > cast('{{ var("sessions_to") | string | replace("'", "''") }}' as timestamp)
        then 'not_over'
    {%- endif -%}
{%- endmacro %}
