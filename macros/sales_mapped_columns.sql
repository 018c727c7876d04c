{#-
    The mapped columns of a raw row of sales as a select list. An expression that fails on a row
    gives null there, which is then counted, and stops nothing.
-#}
{% macro sales_mapped_columns(mapping) -%}
    {{- return(adapter.dispatch('sales_mapped_columns', 'archetype')(mapping)) -}}
{%- endmacro %}

{% macro default__sales_mapped_columns(mapping) -%}
    {%- for field in ['store', 'sku', 'instant'] -%}
        nullif(trim(cast(try({{ mapping[field]['sql'] }}) as varchar)), '') as {{ field }}_text,
    {% endfor -%}
    try_cast(try({{ mapping['units']['sql'] }}) as decimal(18, 3)) as units,
    {% if 'revenue' in mapping -%}
        try_cast(try({{ mapping['revenue']['sql'] }}) as decimal(18, 4)) as revenue
    {%- else -%}
        cast(null as decimal(18, 4)) as revenue
    {%- endif -%}
{%- endmacro %}
