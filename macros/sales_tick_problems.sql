{#-
    What is wrong with the variables that say where ticks lie: by themselves, and against the ticks
    that are stored already. A history cut in one way cannot be carried on in another.
-#}
{% macro sales_tick_problems() %}
    {%- set problems = [] -%}
    {%- set zone = var('sales_time_zone') | string -%}
    {%- set zones = run_query(
        "select 1 from " ~ known_time_zones()
        ~ " where name = " ~ sql_text(zone)
    ) -%}
    {%- if zones.rows | length == 0 -%}
        {%- do problems.append(
            "sales_time_zone is " ~ zone ~ "; it must be an IANA name such as America/New_York"
        ) -%}
    {%- endif -%}
    {%- if sales_tick_minutes() is none -%}
        {%- do problems.append(
            "sales_tick is " ~ var('sales_tick') ~ "; it must be one of 15 minutes, 30 minutes, "
            ~ "1 hour, 2 hours, 3 hours, 4 hours, 6 hours, 8 hours, 12 hours, 1 day"
        ) -%}
    {%- endif -%}
    {%- set stored = adapter.get_relation(target.database, target.schema, 'stg_sales__ticks') -%}
    {%- if not problems and stored is not none -%}
        {%- set query -%}
            select
                max(tick_minutes) filter (where tick_minutes != {{ sales_tick_minutes() }})
                    as other_minutes,
                count(*) filter (where written_at != {{ sales_tick_end('tick_local') }})
                    as n_elsewhere
            from (select distinct tick_minutes, tick_local, written_at from {{ stored }}) as ticks
        {%- endset -%}
        {%- set found = run_query(query).rows[0] -%}
        {%- set remedy = "; keep it, or build into a fresh ARCHETYPE_HOME" -%}
        {%- if found['other_minutes'] is not none -%}
            {%- do problems.append(
                "sales_tick is " ~ var('sales_tick') ~ ", but the history is in ticks of "
                ~ found['other_minutes'] ~ " minutes" ~ remedy
            ) -%}
        {%- elif found['n_elsewhere'] > 0 -%}
            {%- do problems.append(
                "sales_time_zone is " ~ zone ~ ", but the history is in another zone" ~ remedy
            ) -%}
        {%- endif -%}
    {%- endif -%}
    {{- return(problems) -}}
{% endmacro %}
