{#- The typed columns of a raw event: the dialects' spellings coalesced, left first. -#}
{% macro session_event_columns(raw) -%}
        trim({{ raw }}.timestamp) as event_time,
        coalesce(
            nullif({{ raw }}.type, ''),
            nullif({{ raw }}.event_type, ''),
            nullif({{ raw }}.movement_type, ''),
            nullif({{ raw }}.action, '')
        ) as event_type,
        nullif({{ raw }}.original_type, '') as original_type,
        nullif({{ raw }}.event_family, '') as event_family,
        nullif({{ raw }}.structural_role, '') as structural_role,
        coalesce(
            {{ usable_price(raw ~ '.price_level') }},
            {{ usable_price(raw ~ '.price') }},
            {{ usable_price(raw ~ '.absolute_price') }}
        ) as price,
        {{ finite_number(raw ~ '.magnitude') }} as magnitude,
        {{ finite_number(raw ~ '.archaeological_significance') }} as significance,
        {{ finite_number(raw ~ '.htf_regime') }} as htf_regime_given,
        {{ finite_number(raw ~ '.htf_confluence') }} as htf_confluence
{%- endmacro %}
