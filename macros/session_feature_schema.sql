{#- The hash of the features' names and of the version of their definitions: raise the version when a formula changes. -#}
{% macro session_feature_schema() -%}
    {{- return(local_md5('definitions 1: ' ~ session_feature_names() | join(', '))) -}}
{%- endmacro %}
