"""Publish every public table: last in the graph, so a failed test upstream leaves readers alone."""

from archetype.publish import publish_tables


def model(dbt, session):
    """Bind ``archetype.publish.publish_tables`` to every public table."""
    dbt.ref("anomaly_classifier_model_prediction_log")
    dbt.ref("anomaly_vectors")
    dbt.ref("baseline_sales_model_prediction_log")
    dbt.ref("build_runs")
    dbt.ref("cluster_library")
    dbt.ref("cluster_library_candidates")
    dbt.ref("minority_event_ended_log")
    dbt.ref("minority_map_anchors")
    dbt.ref("minority_report_map")
    dbt.ref("minority_reports")
    dbt.ref("minority_reports_clustered_log")
    dbt.ref("minority_reports_detected_log")
    dbt.ref("sales_processing_log")
    dbt.ref("session_archetypes")
    dbt.ref("session_assignments")
    dbt.ref("session_drift")
    dbt.ref("session_fingerprints")
    dbt.ref("session_models")
    dbt.ref("session_processing_log")
    dbt.ref("session_relative_ranges")
    dbt.ref("session_trials")
    dbt.ref("sessions")
    tables = dbt.config.meta_get("tables")
    return publish_tables(session, tables)
