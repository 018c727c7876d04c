{#-
    For each bar the places of its prices between its low and its high, 0 to 1 each, added up; in a
    flat bar each is 0.5. Taken of offsets from one price, sums stay as exact as the range is wide.
-#}
{% macro session_bar_places(bars) -%}
    {{- return(adapter.dispatch('session_bar_places', 'archetype')(bars)) -}}
{%- endmacro %}

{% macro default__session_bar_places(bars) -%}
    {%- set summary -%}
        {
            'low': list_min(x), 'high': list_max(x), 'total': {{ list_total('x') }}, 'n': len(x)
        }
    {%- endset -%}
    {%- set places -%}
        case
            when x.high = x.low then 0.5 * x.n
            else (x.total - x.n * x.low) / (x.high - x.low)
        end
    {%- endset -%}
    {{ list_map(list_map(bars, summary), places) }}
{%- endmacro %}
