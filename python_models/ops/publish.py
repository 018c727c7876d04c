"""Publish every public table: last in the graph, so a failed test upstream leaves readers alone."""

from archetype.publish import publish_tables
from archetype.sessions.sql_macros import scoring_macros


def model(dbt, session):
    """Bind ``archetype.publish.publish_tables`` to every public table and the scoring macros."""
    dbt.ref("anomaly_classifier_model_prediction_log")
    dbt.ref("anomaly_vectors")
    dbt.ref("baseline_sales_model_prediction_log")
    dbt.ref("build_runs")
    dbt.ref("cluster_library")
    dbt.ref("cluster_library_candidates")
    # No table of its own is published, but its test comes before.
    dbt.ref("log_breaks")
    dbt.ref("log_checkpoints")
    dbt.ref("minority_event_ended_log")
    dbt.ref("minority_map_anchors")
    dbt.ref("minority_report_map")
    dbt.ref("minority_reports")
    dbt.ref("minority_reports_clustered_log")
    dbt.ref("minority_reports_detected_log")
    dbt.ref("sales_processing_log")
    archetypes = dbt.ref("session_archetypes")
    dbt.ref("session_assignments")
    dbt.ref("session_drift")
    dbt.ref("session_early_call_reliability")
    dbt.ref("session_early_call_scores")
    dbt.ref("session_early_callers")
    dbt.ref("session_early_calls")
    fingerprints = dbt.ref("session_fingerprints")
    dbt.ref("session_minidash")
    models = dbt.ref("session_models")
    dbt.ref("session_processing_log")
    dbt.ref("session_relative_ranges")
    dbt.ref("session_trials")
    dbt.ref("sessions")
    tables = dbt.config.meta_get("tables")
    macros = scoring_macros(models.to_arrow_table(), archetypes.to_arrow_table(), fingerprints)
    return publish_tables(session, tables, macros)
