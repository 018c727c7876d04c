{#- The type of one trial inside a row of session_model_log. -#}
{% macro session_trial_type() -%}
    {{- return('struct(' ~ [
        'trial_id varchar',
        'k integer',
        'scaler varchar',
        'n_components integer',
        'distance varchar',
        'silhouette double',
        'calinski_harabasz double',
        'davies_bouldin double',
        'inertia double',
        'separation double',
        'stability double',
        'chance_silhouette double',
        'explained_variance double',
        'score double',
        'smallest_size bigint',
        'largest_share double',
        'is_recommended boolean',
        'is_model boolean',
        '"rank" integer',
        'recommendation varchar',
    ] | join(', ') ~ ')') -}}
{%- endmacro %}
