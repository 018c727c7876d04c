{#- The type of one archetype inside a row of session_model_log. -#}
{% macro session_archetype_type() -%}
    {{- return('struct(' ~ [
        'archetype_id integer',
        'archetype_label varchar',
        'centroid double[]',
        'centroid_scaled double[]',
        'centroid_features double[]',
        'size bigint',
        'share double',
        'range_p50 double',
        'volatility_class varchar',
        'top_phases varchar[]',
        'dominant_htf_regime integer',
        'session_types struct(session_type varchar, sessions bigint)[]',
        'first_on date',
        'last_on date',
        'medoid_session_id varchar',
        'lineage varchar',
        'parent_archetype_id integer',
        'match_distance double',
    ] | join(', ') ~ ')') -}}
{%- endmacro %}
