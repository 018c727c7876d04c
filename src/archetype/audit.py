"""Prove the logs of a warehouse against the chain of their checkpoints.

The proof itself is SQL: the views `log_audit` and `log_breaks` of the warehouse hash every row of
every log anew. This module asks them, read-only, and compares what they say with what was published
and with a hash that somebody wrote down.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from archetype.publish import PUBLISHED_NAME, WAREHOUSE_NAME

HEADS = """
    select sha256(string_agg(checkpoint_hash, '' order by log_name))
    from log_checkpoints group by checkpoint_number order by checkpoint_number
"""


class AuditError(ValueError):
    """The logs could not be read, so nothing is proved; the message says why."""


@dataclass(frozen=True)
class Checkpoint:
    """What a log held after a build, and whether it still does.

    Parameters
    ----------
    log_name, build_id, content_hash, checkpoint_hash : str
        As in `log_checkpoints`.
    checkpoint_number, row_count, n_new_rows : int
        As in `log_checkpoints`.
    started_at : datetime.datetime
        When the build started, UTC.
    is_intact : bool
        Whether this checkpoint of the log, and every one before it, holds.
    """

    log_name: str
    checkpoint_number: int
    build_id: str
    started_at: datetime
    row_count: int
    n_new_rows: int
    content_hash: str
    checkpoint_hash: str
    is_intact: bool


@dataclass(frozen=True)
class Break:
    """Where a log is first not what was logged.

    Parameters
    ----------
    log_name : str
        The log.
    build_id : str or None
        The build whose checkpoint does not hold; none for rows after the last checkpoint.
    problem : str
        As in `log_breaks`.
    row_key : str or None
        Key of the first row that differs; none where the checkpoint alone is wrong.
    """

    log_name: str
    build_id: str | None
    problem: str
    row_key: str | None

    def __str__(self) -> str:
        """Say it in one line."""
        build = f"build {self.build_id}" if self.build_id else "after the last build"
        key = f" at {self.row_key}" if self.row_key else ""
        return f"{self.log_name}, {build}: {self.problem}{key}"


@dataclass(frozen=True)
class Audit:
    """What the logs of a warehouse were found to be.

    Parameters
    ----------
    checkpoints : list of Checkpoint
        By log and number.
    heads : list of str
        Head of the chain after each build, oldest first.
    breaks : list of Break
        One a log that is not as it was logged; none where all is well.
    """

    checkpoints: list[Checkpoint]
    heads: list[str]
    breaks: list[Break]

    def knows(self, written_down: str) -> bool:
        """Tell whether a hash is the head after a build, or that of a checkpoint.

        Parameters
        ----------
        written_down : str
            64 hexadecimal digits, in either case.

        Returns
        -------
        bool
            Whether the chain holds it.
        """
        known = {*self.heads, *(one.checkpoint_hash for one in self.checkpoints)}
        return written_down.strip().lower() in known


def audit_logs(home: Path) -> Audit:
    """Recompute every checkpoint of every log from the rows that stand now.

    Parameters
    ----------
    home : pathlib.Path
        The folder of everything that a build writes.

    Returns
    -------
    Audit
        What was found.

    Raises
    ------
    AuditError
        If there is no warehouse, another process has it open, it was built before there were
        checkpoints, or a log is no longer there.
    """
    warehouse = home / WAREHOUSE_NAME
    if not warehouse.is_file():
        raise AuditError(f"{warehouse} does not exist: build first, or set ARCHETYPE_HOME.")
    try:
        with duckdb.connect(str(warehouse), read_only=True) as connection:
            return _ask(connection, home / PUBLISHED_NAME)
    except duckdb.IOException as error:
        reason = "another process has it open: wait for its build to end, or close it."
        if "lock" not in str(error):
            reason = str(error).splitlines()[0]
        raise AuditError(f"{warehouse} cannot be read: {reason}") from error
    except (duckdb.CatalogException, duckdb.BinderException) as error:
        raise AuditError(
            f"{warehouse} lacks what its logs are proved by: {str(error).splitlines()[0]}"
            " Build it with this version; where it was, a log was dropped or altered."
        ) from error


def _ask(connection: duckdb.DuckDBPyConnection, published: Path) -> Audit:
    """Read the views; look closer only where something is wrong."""
    rows = connection.execute(
        "select log_name, checkpoint_number, build_id, started_at, row_count, n_new_rows,"
        " content_hash, checkpoint_hash, is_intact"
        " from log_audit order by log_name, checkpoint_number"
    ).fetchall()
    checkpoints = [Checkpoint(*row) for row in rows if row[2] is not None]
    breaks = []
    if not all(row[-1] for row in rows):
        found = connection.execute(
            "select log_name, build_id, problem, row_key from log_breaks order by log_name"
        ).fetchall()
        breaks = [Break(*row) for row in found]
    heads = [head for (head,) in connection.execute(HEADS).fetchall()]
    breaks += _unpublished(checkpoints, published, {one.log_name for one in breaks})
    return Audit(checkpoints, heads, breaks)


def _unpublished(checkpoints: list[Checkpoint], published: Path, told: set[str]) -> list[Break]:
    """Find the first checkpoint of each log that readers were shown and the warehouse lacks."""
    if not published.is_file():
        return []
    with duckdb.connect(str(published), read_only=True) as connection:
        try:
            shown = connection.execute(
                "select log_name, build_id, checkpoint_hash from log_checkpoints"
                " order by log_name, checkpoint_number"
            ).fetchall()
        except duckdb.CatalogException:  # Published before there were checkpoints.
            return []
    known = {one.checkpoint_hash for one in checkpoints}
    lost: dict[str, Break] = {}
    for log_name, build_id, checkpoint_hash in shown:
        if checkpoint_hash not in known and log_name not in told:
            problem = f"chain_broken, {PUBLISHED_NAME} has another checkpoint"
            lost.setdefault(log_name, Break(log_name, build_id, problem, None))
    return list(lost.values())
