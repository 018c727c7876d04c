{#-
    A raw column of any type as a double: a double as it is, anything else as its text says, so that
    a type of the same numbers changes nothing. The engine knows the type when it plans.
-#}
{% macro raw_number(column) -%}
    {{- return(adapter.dispatch('raw_number', 'archetype')(column)) -}}
{%- endmacro %}

{% macro default__raw_number(column) -%}
    case
        when typeof({{ column }}) = 'DOUBLE' then try_cast({{ column }} as double)
        else try_cast(cast({{ column }} as varchar) as double)
    end
{%- endmacro %}
