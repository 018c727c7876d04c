"""The append-only logs, each with the instant of the data at which a row could first be written."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

# A row about a session is made by a model: it is there once both are.
_OF_MODEL = (
    "(select model.valid_from from {warehouse}.session_model_log as model"
    " where model.model_version = log.model_version)"
)
_OF_SESSION = f"greatest(log.as_of_at, {_OF_MODEL})"
_OF_SERIES = ("store_id", "sku", "written_at")
_OF_LIBRARY = (
    "(select min(matched.written_at) from {warehouse}.minority_reports_clustered_log as matched"
    " where matched.library_version = log.library_version)"
)


@dataclass(frozen=True)
class Log:
    """One append-only table.

    Parameters
    ----------
    name : str
        Of the table.
    wing : {"sales", "sessions"}
        What it belongs to.
    instant : str
        A SQL expression over a row of `log`, UTC; `{warehouse}` stands for the schema. A row whose
        instant is null stands at no time yet.
    key : tuple of str
        What names a row, where the table has no primary key: see `append_only_tables`.
    """

    name: str
    wing: str
    instant: str
    key: tuple[str, ...] = ()


# What a later log is made of comes first, so that the first difference is nearest to its cause.
LOGS = (
    Log(
        "stg_sales__ticks",
        "sales",
        "log.written_at",
        ("file_name", "store_id", "sku", "tick_local"),
    ),
    Log("baseline_sales_model_prediction_log", "sales", "log.written_at", _OF_SERIES),
    Log("anomaly_classifier_model_prediction_log", "sales", "log.written_at", _OF_SERIES),
    Log("minority_reports_detected_log", "sales", "log.written_at"),
    Log("minority_event_ended_log", "sales", "log.written_at"),
    Log("anomaly_vectors", "sales", "log.written_at"),
    Log("minority_reports_clustered_log", "sales", "log.written_at"),
    # The map of a library is drawn before anything is placed on it: it counts from the first match.
    Log("minority_map_anchors", "sales", _OF_LIBRARY),
    Log("minority_report_map", "sales", "log.written_at"),
    Log("session_model_log", "sessions", "log.valid_from"),
    Log("session_assignments", "sessions", _OF_SESSION),
    Log("session_early_caller_log", "sessions", _OF_MODEL),
    Log("session_early_calls", "sessions", _OF_SESSION),
    Log("session_minidash", "sessions", _OF_SESSION),
)

EXEMPT = {
    "build_runs": "its instants are those of the wall clock",
    "log_checkpoints": "its instants are those of the wall clock",
    "log_row_hashes": "repeats the rows of the other logs",
    "sales_clock_log": "says where builds ended, which a replay takes from it",
}


def check_every_log(names: Iterable[str]) -> None:
    """Refuse a project whose logs are not those of this module.

    Parameters
    ----------
    names : iterable of str
        Every incremental model that there is.

    Raises
    ------
    ValueError
        A log has no instant here, or one that is listed here is no log.
    """
    known = {log.name for log in LOGS}
    found = set(names)
    for name in sorted(found - known - set(EXEMPT)):
        raise ValueError(
            f"the log {name} has no instant: add it to LOGS of archetype/replay_logs.py, or to "
            "EXEMPT with the reason why it cannot be replayed"
        )
    for name in sorted(known - found):
        raise ValueError(
            f"{name} is no incremental model: take it out of LOGS of archetype/replay_logs.py"
        )
