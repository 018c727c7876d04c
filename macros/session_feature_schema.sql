{#-
    The hash of what makes a vector mean what it means: the features' names, the version of their
    definitions (raise it when a formula changes), the phase rules and the reach of peers. A model
    of another schema is fitted anew.
-#}
{% macro session_feature_schema() -%}
    {%- set rules = graph.get('nodes', {}).get('seed.archetype.session_phase_rules', {}) -%}
    {{- return(local_md5([
        'definitions 1',
        session_feature_names() | join(', '),
        rules.get('checksum', {}).get('checksum', ''),
        var('peer_days'),
    ] | join('; '))) -}}
{%- endmacro %}
