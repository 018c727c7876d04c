{#- The components of an anomaly's vector, in their order: twelve points of its profile and more. -#}
{% macro anomaly_feature_names() %}
    {%- set names = [] -%}
    {%- for point in range(1, 13) -%}
        {%- do names.append('profile_%02d' % point) -%}
    {%- endfor -%}
    {{- return(names + [
        'log_uplift',
        'sign',
        'slope',
        'volatility',
        'peak_position',
        'kurtosis',
        'skewness',
        'peak_to_mean',
        'near_zero_share',
        'log_duration',
        'amplitude',
        'hour_sin',
        'hour_cos',
        'weekend_share',
    ]) -}}
{% endmacro %}
