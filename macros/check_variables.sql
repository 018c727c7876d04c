{% macro check_variables() %}
    {%- if execute -%}
    {%- set problems = [] -%}
    {%- set rule = "{} is {}; it must be {}" -%}

    {#- dbt runs what is a template in a text as soon as it is asked for: nothing is asked before. -#}
    {%- for name, given in invocation_args_dict.get('vars', {}).items() if given is string -%}
        {%- for opening in ['{' ~ '{', '{' ~ '%', '{' ~ '#'] if opening in given -%}
            {%- do exceptions.raise_compiler_error(
                "Wrong variable: " ~ name ~ " holds " ~ opening ~ "; it must be a plain value."
            ) -%}
        {%- endfor -%}
    {%- endfor -%}

    {%- for name in invocation_args_dict.get('vars', {}) if name not in known_variables() -%}
        {%- do problems.append(
            name ~ " is no variable; known are " ~ known_variables() | join(', ')
        ) -%}
    {%- endfor -%}

    {%- set least = {
        'min_events': 2,
        'min_events_to_fit': 2,
        'max_imputed_to_fit': 0,
        'peer_days': 1,
        'k': 2,
        'components': 0,
        'random_state': 0,
        'n_init': 1,
        'bootstraps': 2,
        'fit_sample_max': 2,
        'minibatch_above': 2,
        'drift_min_features': 1,
        'drift_min_sessions': 1,
        'early_sample_max': 30,
        'sidecar_checkpoint': 1,
        'baseline_days': 7,
        'baseline_min_days': 2,
        'open_ticks': 1,
        'close_ticks': 1,
        'candidate_min_reports': 2,
        'map_ticks': 1,
    } -%}
    {%- for name, bound in least.items() -%}
        {%- set given = var(name) -%}
        {%- if given is not integer or given is boolean or given < bound -%}
            {%- do problems.append(
                rule.format(name, given, "a whole number of at least " ~ bound)
            ) -%}
        {%- endif -%}
    {%- endfor -%}

    {%- set most = {
        'components': 30,
        'random_state': 4294967295,
        'peer_days': 36500,
        'sidecar_checkpoint': 100,
        'baseline_days': 730,
        'baseline_min_days': var('baseline_days'),
    } -%}
    {%- for name, bound in most.items() if var(name) is integer and bound is integer and var(name) > bound -%}
        {%- do problems.append(rule.format(name, var(name), "at most " ~ bound)) -%}
    {%- endfor -%}

    {%- for name in [
        'clip', 'identity_tolerance', 'drift_psi_threshold',
        'shrink_units', 'min_tick_units', 'z_threshold',
    ] -%}
        {%- set given = var(name) -%}
        {%- if given is not number or given is boolean or not 0 < given < 1000000 -%}
            {%- do problems.append(rule.format(name, given, "a number above 0, below a million")) -%}
        {%- endif -%}
    {%- endfor -%}

    {%- set choices = {
        'scaler': ['standard', 'robust'],
        'distance': ['euclidean', 'cosine'],
        'early_caller': ['', 'prototype', 'discriminant', 'regression'],
        'early_metric': ['', 'euclidean', 'cosine', 'mahalanobis'],
        'early_confidence': ['', 'inverse_distance', 'softmax', 'temperature', 'isotonic'],
        'early_scaler': ['', 'standard', 'robust'],
        'similarity': ['cosine', 'euclidean', 'mahalanobis'],
    } -%}
    {%- for name, allowed in choices.items() if var(name) not in allowed -%}
        {%- do problems.append(rule.format(name, var(name), "one of " ~ allowed | select | join(', '))) -%}
    {%- endfor -%}

    {%- set given = var('baseline_trim') -%}
    {%- if given is not number or given is boolean or not 0 <= given < 0.5 -%}
        {%- do problems.append(rule.format(
            'baseline_trim', given, "a number of at least 0, below 0.5"
        )) -%}
    {%- endif -%}

    {%- for name in ['refit', 'session_fingerprinting'] if var(name) is not boolean -%}
        {%- do problems.append(rule.format(name, var(name), "true or false")) -%}
    {%- endfor -%}

    {%- for name in ['ARCHETYPE_SESSION_FINGERPRINTING', 'IRONFORGE_SESSION_FINGERPRINTING']
        if env_var(name, '') | lower not in ['', '0', '1', 'false', 'true', 'no', 'yes', 'off', 'on'] -%}
        {%- do problems.append(rule.format(name, env_var(name, ''), "0 or 1")) -%}
    {%- endfor -%}

    {%- set given = var('checkpoints') -%}
    {%- if given is string or given is not iterable
        or given | select('integer') | list | length != given | list | length
        or given | list != given | unique | sort | list
        or 100 not in given or given | min < 1 or given | max > 100 -%}
        {%- do problems.append(rule.format(
            'checkpoints', given, "a rising list of whole numbers from 1 to 100 that ends in 100"
        )) -%}
    {%- elif session_fingerprinting() and var('sidecar_checkpoint') not in given -%}
        {%- do problems.append(rule.format(
            'sidecar_checkpoint', var('sidecar_checkpoint'), "one of the checkpoints"
        )) -%}
    {%- endif -%}

    {%- set zone = var('default_time_zone') | string -%}
    {%- set zones = run_query(
        "select 1 from " ~ known_time_zones()
        ~ " where name = " ~ sql_text(zone)
    ) -%}
    {%- if zones.rows | length == 0 -%}
        {%- do problems.append(rule.format(
            'default_time_zone', zone, "an IANA name such as America/New_York"
        )) -%}
    {%- endif -%}

    {%- if var('sessions_to') -%}
        {%- set text = var('sessions_to') | string | replace("'", "''") -%}
        {%- if run_query("select try_cast('" ~ text ~ "' as timestamp) is null").rows[0][0] -%}
            {%- do problems.append(rule.format(
                'sessions_to', var('sessions_to'),
                "an instant in UTC such as 2025-01-31 00:00:00, or empty"
            )) -%}
        {%- endif -%}
    {%- endif -%}

    {%- do problems.extend(
        sales_column_problems() + sales_rule_problems() + sales_tick_problems()
    ) -%}

    {%- if problems -%}
        {%- do exceptions.raise_compiler_error(
            "Wrong variable: " ~ problems | join('; ')
            ~ ". Set it in dbt_project.yml or by --vars."
        ) -%}
    {%- endif -%}
    {%- endif -%}
{% endmacro %}
