{#-
    A name in lower case that is safe in keys and file names: letters, digits and single underscores.
    A name without any of these is told by its md5.
-#}
{% macro slug(text_value) -%}
    {{- return(adapter.dispatch('slug', 'archetype')(text_value)) -}}
{%- endmacro %}

{% macro default__slug(text_value) -%}
    coalesce(
        nullif(trim(regexp_replace(lower({{ text_value }}), '[^a-z0-9]+', '_', 'g'), '_'), ''),
        'x' || left(md5(nullif(trim({{ text_value }}), '')), 8)
    )
{%- endmacro %}
