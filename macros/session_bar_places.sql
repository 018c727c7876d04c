{#-
    The places of a bar's prices between its low and its high, 0 to 1 each, added up; in a flat bar
    each is 0.5. Taken of offsets from one price, sums stay as exact as the range is wide.
-#}
{% macro session_bar_places(prices) -%}
    case
        when list_max({{ prices }}) = list_min({{ prices }}) then 0.5 * len({{ prices }})
        else
            ({{ list_total(prices) }} - len({{ prices }}) * list_min({{ prices }}))
            / (list_max({{ prices }}) - list_min({{ prices }}))
    end
{%- endmacro %}
