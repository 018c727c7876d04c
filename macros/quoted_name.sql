{#-
    A name as a quoted identifier, whatever it holds: names of columns come from raw files too, and
    the adapter's own quoting leaves quotes within a name as they are.
-#}
{% macro quoted_name(name) -%}
    {{- return(adapter.dispatch('quoted_name', 'archetype')(name)) -}}
{%- endmacro %}

{% macro default__quoted_name(name) -%}
    "{{ name | replace('"', '""') }}"
{%- endmacro %}
