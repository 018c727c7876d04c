{#- The type of one session fitted on, inside a row of session_model_log. -#}
{% macro session_training_type() -%}
    {{- return('struct(' ~ [
        'session_id varchar',
        'archetype_id integer',
        'distance double',
        'vector_md5 varchar',
        'feature_vector double[]',
    ] | join(', ') ~ ')') -}}
{%- endmacro %}
