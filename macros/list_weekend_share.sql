{#- The share of a list of timestamps that lies on a Saturday or a Sunday. -#}
{% macro list_weekend_share(instants) -%}
    {{- return(adapter.dispatch('list_weekend_share', 'archetype')(instants)) -}}
{%- endmacro %}

{% macro default__list_weekend_share(instants) -%}
    list_avg(
        list_transform({{ instants }}, lambda x: case when isodow(x) >= 6 then 1e0 else 0e0 end)
    )
{%- endmacro %}
