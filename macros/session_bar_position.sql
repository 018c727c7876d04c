{#- The place of a price between the low and the high of its bar, 0 to 1; 0.5 where it is flat. -#}
{% macro session_bar_position(price, low, high) -%}
    case
        when {{ price }} is null then null
        when {{ high }} = {{ low }} then 0.5
        else ({{ price }} - {{ low }}) / ({{ high }} - {{ low }})
    end
{%- endmacro %}
