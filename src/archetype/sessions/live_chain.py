"""The models of the sessions wing over a few raw files, in memory.

All models are one query, a common table expression each, that DuckDB plans once per checkpoint.
The files' bytes reach it through an Arrow stream, so no table changes between two calls: a plan
that DuckDB keeps may rest on what it knew of the tables when it was made (duckdb/duckdb#23704).

Most of a call is DuckDB setting up some two hundred operators, whatever flows through them: files
that are described together cost little more than one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa

from archetype.files import literal_glob
from archetype.sessions.live_sql import CHECKPOINT, LiveSql

FILES_MODEL = "list_session_files"
RANGES_MODEL = "session_relative_ranges"

PEER_COLUMNS = (
    "session_id",
    "checkpoint_pct",
    "session_type",
    "started_at",
    "as_of_at",
    "relative_range",
)

PRINT_COLUMNS = (
    "session_id",
    "session_type",
    "session_on",
    "started_at",
    "as_of_at",
    "n_events",
    "feature_vector",
    "imputed_features",
    "is_low_information",
    "relative_range",
    "feature_schema",
)

RAW_FILE_SCHEMA = pa.schema(
    [
        ("file_name", pa.string()),
        ("n_bytes", pa.int64()),
        ("content", pa.binary()),
    ]
)

# What the models read in a build's stead: the listing, and the bytes of the files twice, as they
# lie on disk and parsed. JSON's null is no list in either.
_BODY = r"regexp_replace(try(decode(content)), '^\x{FEFF}', '')"
_LISTS = ("events", "price_movements", "session_liquidity_events")
_INPUTS = {
    FILES_MODEL: (
        "select file_name as file_path, file_name, 'json' as file_format, n_bytes,"
        " null::varchar as file_md5, null::varchar as reason, null::varchar as detail from live_raw"
    ),
    "live_files": "select file_name as filename, content from live_raw",
    "live_documents": (
        "select filename, "
        + ", ".join(
            f"case when json_valid(body) then nullif(json_extract(body, '$.{name}'), 'null') end"
            f" as {name}"
            for name in _LISTS
        )
        + f" from (select file_name as filename, {_BODY} as body from live_raw)"
    ),
}

# There is no Parquet file: DuckDB plans these away where it may.
_UNUSED = ("stg_session_parquet__events", "stg_session_parquet__sessions")

# The model compares all ranges of a type with each other. Here each live session has a type of its
# own, with copies of its peers: those described together do not meet.
_RANGES = """
    select * replace (session_type || '/' || session_id as session_type)
    from ({model})
    union all
    select
        own.session_id || '/' || peers.session_id as session_id,
        peers.checkpoint_pct,
        own.session_type || '/' || own.session_id as session_type,
        peers.started_at,
        peers.as_of_at,
        peers.relative_range
    from live_peers as peers
    inner join session_windows as own
        on
            peers.session_type = own.session_type
            and peers.started_at < own.started_at
            and peers.started_at >= own.started_at - to_days({peer_days})
            and peers.session_id != own.session_id
    where peers.checkpoint_pct = {checkpoint}
"""


class LiveChain:
    """The models up to the fingerprints, ready to describe raw files.

    Parameters
    ----------
    compiled : LiveSql
        The models.
    seeds : pathlib.Path
        The folder of the seeds' files.
    peers : pyarrow.Table
        ``PEER_COLUMNS`` of the sessions that a live one is compared with.
    """

    def __init__(self, compiled: LiveSql, seeds: Path, peers: pa.Table) -> None:
        self._compiled = compiled
        self._raw = _RawFiles()
        self._prepared: set[str] = set()
        self._connection = duckdb.connect(config={"threads": 1})
        self._connection.execute("set TimeZone = 'UTC'")
        # For a hundred rows statistics save nothing, and what rests on them costs operators.
        self._connection.execute(
            "set disabled_optimizers = 'statistics_propagation,compressed_materialization'"
        )
        # The list of zones takes milliseconds to make; a macro is found before what is built in.
        self._connection.execute("create table live_zones as select name from pg_timezone_names()")
        self._connection.execute("create macro pg_timezone_names() as table (from live_zones)")
        for seed, types in compiled.seeds.items():
            self._connection.execute(
                f"create table {seed} as from read_csv(?, header = true, columns = {dict(types)})",
                [literal_glob(seeds / f"{seed}.csv")],
            )
        self._connection.register("peers", peers.select(PEER_COLUMNS))
        self._connection.execute(
            "create table live_peers as from peers"
            " order by checkpoint_pct, session_type, started_at, session_id"
        )
        self._connection.unregister("peers")
        self._connection.register("live_raw_file", self._raw)
        # The SQL comes from a file below the home: whatever it says, it reaches no other file.
        self._connection.execute("set enable_external_access = false")
        self._connection.execute("set lock_configuration = true")

    def close(self) -> None:
        """Free the memory; the chain cannot be used any more."""
        self._connection.close()

    def prepare(self, checkpoint: int) -> None:
        """Plan the query of a checkpoint for one file, which its first description does otherwise.

        Parameters
        ----------
        checkpoint : int
            Per cent of the scheduled time.
        """
        self._prepare(checkpoint, is_alone=True)

    def _prepare(self, checkpoint: int, is_alone: bool) -> str:
        """Plan the query for one file or for several, and give its name."""
        name = f"live_{checkpoint}_{'alone' if is_alone else 'together'}"
        if name not in self._prepared:
            columns = ", ".join(f"prints.{column}" for column in PRINT_COLUMNS)
            # Whatever is said of one file is said of that one: no need to look up which it was.
            query = (
                f"select '0', {columns} from session_fingerprints as prints"
                if is_alone
                else f"""
                    select selection.file_name, {columns}
                    from session_fingerprints as prints
                    inner join session_selection as selection
                        on prints.session_id = selection.session_id
                    where selection.reason is null
                """
            )
            self._connection.execute(f"prepare {name} as {self._query(checkpoint, query)}")
            self._prepared.add(name)
        return name

    def describe(
        self, contents: Sequence[bytes], checkpoint: int
    ) -> dict[int, Mapping[str, object]]:
        """Describe sessions as a build would that reads each file alone.

        Parameters
        ----------
        contents : sequence of bytes
            The bytes of the raw files.
        checkpoint : int
            Per cent of the scheduled time.

        Returns
        -------
        dict of int to mapping
            ``PRINT_COLUMNS`` of the row of session_fingerprints, by the place of the file. There is
            none for a file that cannot be described, nor for all but one of the same session.
        """
        name = self._prepare(checkpoint, is_alone=len(contents) == 1)
        self._raw.hold(contents)
        rows = self._connection.execute(f"execute {name}").fetchall()
        return {int(place): dict(zip(PRINT_COLUMNS, row, strict=True)) for place, *row in rows}

    def explain(self, content: bytes, checkpoint: int) -> Mapping[str, object]:
        """Say why there is no vector, in the words of the build's log.

        Parameters
        ----------
        content : bytes
            The bytes of the raw file.
        checkpoint : int
            Per cent of the scheduled time.

        Returns
        -------
        mapping
            `reason` and `message` of session_processing_log, its `status`, and `session_id`,
            `n_events` in the window and `has_scheduled_end`, null where unknown.
        """
        self._raw.hold([content])
        columns = ("status", "reason", "message", "session_id", "n_events", "has_scheduled_end")
        query = f"""
            select {", ".join(columns)}
            from (
                select
                    logged.*,
                    selection.has_scheduled_end,
                    (select coalesce(sum(n_events), 0) from session_window_lists) as n_events
                from session_processing_log as logged
                left join session_selection as selection
                    on logged.session_key = selection.session_key
            )
        """
        row = self._connection.execute(self._query(checkpoint, query)).fetchone()
        return dict(zip(columns, row, strict=True))

    def _query(self, checkpoint: int, query: str) -> str:
        parts = ["live_raw as materialized (select * from live_raw_file)"]
        parts += [f"{name} as ({sql})" for name, sql in _INPUTS.items()]
        for model in self._compiled.models:
            sql = model.sql.replace(CHECKPOINT, str(checkpoint))
            if model.name == RANGES_MODEL:
                sql = _RANGES.format(
                    model=sql, peer_days=self._compiled.peer_days, checkpoint=checkpoint
                )
            keeps = "as materialized" if model.is_table and model.name not in _UNUSED else "as"
            parts.append(f"{model.name} {keeps} ({sql})")
        return f"with {', '.join(parts)} {query}"


class _RawFiles:
    """Files as an Arrow stream, which DuckDB asks for anew at each execution."""

    def __init__(self) -> None:
        self.hold([])

    def hold(self, contents: Sequence[bytes]) -> None:
        columns = [
            pa.array([str(place) for place in range(len(contents))], pa.string()),
            pa.array([len(content) for content in contents], pa.int64()),
            pa.array(contents, pa.binary()),
        ]
        self._batch = pa.RecordBatch.from_arrays(columns, schema=RAW_FILE_SCHEMA)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        reader = pa.RecordBatchReader.from_batches(RAW_FILE_SCHEMA, [self._batch])
        return reader.__arrow_c_stream__(requested_schema)
