{#- What each rule of the variable sales_rules may say, the first being what it says unset. -#}
{% macro sales_rules() %}
    {{- return({
        'returns': ['ignore', 'subtract'],
        'zero_price': ['use', 'ignore'],
        'duplicates': ['drop', 'keep'],
        'unknown_stores': ['ignore', 'use'],
    }) -}}
{% endmacro %}
