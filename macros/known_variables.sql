{#-
    The variables that dbt_project.yml sets, so that a misspelt one is refused rather than ignored.
-#}
{% macro known_variables() %}
    {{- return([
        'checkpoints',
        'min_events',
        'min_events_to_fit',
        'max_imputed_to_fit',
        'peer_days',
        'default_time_zone',
        'k',
        'scaler',
        'clip',
        'components',
        'distance',
        'random_state',
        'n_init',
        'bootstraps',
        'fit_sample_max',
        'minibatch_above',
        'identity_tolerance',
        'refit',
        'drift_psi_threshold',
        'drift_min_features',
        'drift_min_sessions',
    ]) -}}
{% endmacro %}
