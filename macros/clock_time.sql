{#- A text as local time of day, as microseconds; null where it is not HH:MM[:SS[.f]]. -#}
{% macro clock_time(text_value) -%}
    {{- return(adapter.dispatch('clock_time', 'archetype')(text_value)) -}}
{%- endmacro %}

{% macro default__clock_time(text_value) -%}
    case
        when regexp_full_match({{ text_value }}, '\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?')
            then date_diff('microsecond', time '00:00:00', try_cast({{ text_value }} as time))
    end
{%- endmacro %}
