{#-
    The tables that publish copies, and the columns that their content hash leaves out: a raw file's
    name says where a row came from, not what it says, so renamed files hash alike.
-#}
{% macro published_tables() %}
    {{- return({
        'sales_processing_log': ['file_name'],
        'session_processing_log': ['session_key', 'file_name', 'superseded_by'],
        'session_fingerprints': [],
        'session_models': [],
        'session_archetypes': [],
        'session_trials': [],
        'session_assignments': [],
        'session_drift': [],
        'sessions': [],
    }) -}}
{% endmacro %}
