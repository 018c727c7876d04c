{#-
    The mean of doubles without the highest and the lowest `baseline_trim` of them, as an aggregate;
    see list_trimmed_mean. Where `n` is given, it is how many there are with the zeros that are not
    among the rows.
-#}
{% macro trimmed_mean(value, n=none) -%}
    {{- return(adapter.dispatch('trimmed_mean', 'archetype')(value, n)) -}}
{%- endmacro %}

{% macro default__trimmed_mean(value, n=none) -%}
    {{- list_trimmed_mean(
        'list(' ~ value ~ ') filter (where ' ~ value ~ ' is not null)',
        n or 'count(' ~ value ~ ')'
    ) -}}
{%- endmacro %}
