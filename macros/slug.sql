{#-
    A name in lower case that is safe in keys and file names: letters, digits and single
    underscores.
-#}
{% macro slug(text_value) -%}
    {{- return(adapter.dispatch('slug', 'archetype')(text_value)) -}}
{%- endmacro %}

{% macro default__slug(text_value) -%}
    trim(regexp_replace(lower({{ text_value }}), '[^a-z0-9]+', '_', 'g'), '_')
{%- endmacro %}
