{#- What is wrong with the variables that say which raw rows are used, and up to when. -#}
{% macro sales_rule_problems() %}
    {%- set problems = [] -%}
    {%- set rule = "{} is {}; it must be {}" -%}
    {%- set choices = sales_rules() -%}
    {%- set rules = var('sales_rules') -%}
    {%- if rules is not mapping -%}
        {%- do problems.append(rule.format(
            'sales_rules', rules, "a mapping of " ~ choices.keys() | join(', ')
        )) -%}
    {%- else -%}
        {%- for name in rules if name not in choices -%}
            {%- do problems.append(
                "sales_rules names " ~ name ~ "; it may name " ~ choices.keys() | join(', ')
            ) -%}
        {%- endfor -%}
        {%- for name, allowed in choices.items() if rules.get(name, allowed[0]) not in allowed -%}
            {%- do problems.append(rule.format(
                'sales_rules.' ~ name, rules[name], "one of " ~ allowed | join(', ')
            )) -%}
        {%- endfor -%}
    {%- endif -%}

    {%- set stores = var('sales_stores') -%}
    {%- if stores is string or stores is mapping or stores is not iterable -%}
        {%- do problems.append(rule.format('sales_stores', stores, "a list of stores")) -%}
    {%- endif -%}

    {%- set ticks = var('incomplete_ticks') -%}
    {%- if ticks is not integer or ticks is boolean or not 0 <= ticks <= 10000 -%}
        {%- do problems.append(rule.format(
            'incomplete_ticks', ticks, "a whole number from 0 to 10,000"
        )) -%}
    {%- endif -%}

    {%- for name in ['replay_from', 'replay_to'] if var(name) -%}
        {%- set text = sql_text(var(name)) -%}
        {%- set found = run_query("select try_cast(" ~ text ~ " as timestamp) is null") -%}
        {%- if found.rows[0][0] -%}
            {%- do problems.append(rule.format(
                name, var(name), "an instant in UTC such as 2025-01-31 00:00:00, or empty"
            )) -%}
        {%- endif -%}
    {%- endfor -%}
    {{- return(problems) -}}
{% endmacro %}
