{% macro check_inputs() %}
    {%- if execute and flags.WHICH in ('build', 'run') -%}
        {%- set pattern = env_var('ARCHETYPE_SESSIONS', '') or 'sample/sessions/*.json' -%}
        {%- set quoted = pattern | replace("'", "''") -%}
        {%- set found = run_query("select count(*) from glob('" ~ quoted ~ "')") -%}
        {%- if found.rows[0][0] == 0 -%}
            {%- do exceptions.raise_compiler_error(
                "No session file matches '" ~ pattern ~ "' (environment variable ARCHETYPE_SESSIONS)."
                ~ " Expected a glob of JSON files, or of Parquet files with one row an event:"
                ~ " check that the folder exists and can be read."
            ) -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}
