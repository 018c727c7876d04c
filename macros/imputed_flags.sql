{#- Thirty flags, in the order of the feature vector, from the names of the imputed features. -#}
{% macro imputed_flags(names) -%}
    {{- return(adapter.dispatch('imputed_flags', 'archetype')(names)) -}}
{%- endmacro %}

{% macro default__imputed_flags(names) -%}
    list_transform({{ session_feature_names() }}, lambda name: list_contains({{ names }}, name))
{%- endmacro %}
