{% macro check_variables() %}
    {%- if execute -%}
    {%- set problems = [] -%}
    {%- for name in invocation_args_dict.get('vars', {}) if name not in known_variables() -%}
        {%- do problems.append(name ~ " is no variable; known are " ~ known_variables() | join(', ')) -%}
    {%- endfor -%}
    {%- set whole = {
        'min_events': 2, 'min_events_to_fit': 2, 'max_imputed_to_fit': 0, 'peer_days': 1, 'k': 2, 'components': 0,
        'random_state': 0, 'n_init': 1, 'bootstraps': 2, 'fit_sample_max': 2, 'minibatch_above': 2,
        'drift_min_features': 1, 'drift_min_sessions': 1,
    } -%}
    {%- for name, least in whole.items() -%}
        {%- if var(name) is not integer or var(name) is boolean or var(name) < least -%}
            {%- do problems.append(name ~ " is " ~ var(name) ~ "; it must be a whole number of at least " ~ least) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for name in ['clip', 'identity_tolerance', 'drift_psi_threshold'] -%}
        {%- if var(name) is not number or var(name) is boolean or var(name) <= 0 -%}
            {%- do problems.append(name ~ " is " ~ var(name) ~ "; it must be a number above 0") -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set choices = {
        'scaler': ['standard', 'robust'],
        'distance': ['euclidean', 'cosine'],
    } -%}
    {%- for name, allowed in choices.items() -%}
        {%- if var(name) not in allowed -%}
            {%- do problems.append(name ~ " is " ~ var(name) ~ "; it must be one of " ~ allowed | join(', ')) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if var('refit') is not boolean -%}
        {%- do problems.append("refit is " ~ var('refit') ~ "; it must be true or false") -%}
    {%- endif -%}
    {%- set checkpoints = var('checkpoints') -%}
    {%- if checkpoints is string or checkpoints is not iterable
        or checkpoints | select('integer') | list | length != checkpoints | list | length
        or checkpoints | list != checkpoints | unique | sort | list
        or 100 not in checkpoints or checkpoints | min < 1 or checkpoints | max > 100 -%}
        {%- do problems.append(
            "checkpoints is " ~ checkpoints ~ "; it must be a rising list of whole numbers from 1 to 100 that ends in 100"
        ) -%}
    {%- endif -%}
    {%- if var('components') is integer and var('components') > session_feature_names() | length -%}
        {%- do problems.append("components is " ~ var('components') ~ "; it must be at most 30") -%}
    {%- endif -%}
    {%- if var('random_state') is integer and var('random_state') > 4294967295 -%}
        {%- do problems.append("random_state is " ~ var('random_state') ~ "; it must be below 2**32") -%}
    {%- endif -%}
    {%- if var('peer_days') is integer and var('peer_days') > 36500 -%}
        {%- do problems.append("peer_days is " ~ var('peer_days') ~ "; it must be at most 36500") -%}
    {%- endif -%}
    {%- set zone = var('default_time_zone') | string -%}
    {%- set zones = run_query("select 1 from " ~ known_time_zones() ~ " where name = '" ~ zone | replace("'", "''") ~ "'") -%}
    {%- if zones.rows | length == 0 -%}
        {%- do problems.append("default_time_zone is " ~ zone ~ "; it must be an IANA name such as America/New_York") -%}
    {%- endif -%}
    {%- if problems -%}
        {%- do exceptions.raise_compiler_error(
            "Wrong variable: " ~ problems | join('; ') ~ ". Set it in dbt_project.yml or by --vars."
        ) -%}
    {%- endif -%}
    {%- endif -%}
{% endmacro %}
