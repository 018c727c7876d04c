{#-
    Whether a feature counts as imputed: its definition gave no value, or no event of the window
    carries its input.
-#}
{% macro session_missing_input(name) -%}
    {%- if name.startswith('rate_') or name == 'phase_switch_rate' -%}
        not has_phase_text
    {%- elif name.startswith('htf_regime_') -%}
        not has_regime
    {%- elif name == 'role_coherence' -%}
        not has_role
    {%- elif name == 'significance_mean' -%}
        not has_significance
    {%- elif name in session_imputed_values() -%}
        {{ name }} is null
    {%- else -%}
        false
    {%- endif -%}
{%- endmacro %}
