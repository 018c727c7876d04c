{#-
    An object's text with its keys sorted, in the spacing of Python's json.dumps(x, sort_keys=True).
    What is nested stands as in the file: events are flat.
-#}
{% macro json_sorted_text(json_object) -%}
    {{- return(adapter.dispatch('json_sorted_text', 'archetype')(json_object)) -}}
{%- endmacro %}

{% macro default__json_sorted_text(json_object) -%}
    '{' || array_to_string(
        list_transform(
            list_sort(
                list_zip(json_keys({{ json_object }}), json_extract({{ json_object }}, '$.*'))
            ),
            lambda pair: to_json(pair[1]) || ': ' || pair[2]
        ),
        ', '
    ) || '}'
{%- endmacro %}
