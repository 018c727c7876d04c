{#- An object's text with sorted keys, spelt as Python's json.dumps(x, sort_keys=True) spells it. -#}
{% macro json_sorted_text(json_object) -%}
    '{' || array_to_string(
        list_transform(
            list_sort(list_zip(json_keys({{ json_object }}), json_extract({{ json_object }}, '$.*'))),
            lambda pair: '"' || pair[1] || '": ' || pair[2]
        ),
        ', '
    ) || '}'
{%- endmacro %}
