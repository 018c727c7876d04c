"""Features of sessions: ours by dbt and as SQL alone, pandas, Polars, NumPy, DuckDB's floor."""

from __future__ import annotations

import json
from pathlib import Path

from suite.builds import WITHOUT_TESTS, Home, build_case
from suite.harness import Bench, Case, ChildError, Row, failed, function_case, in_turn, prepare
from suite.inputs import cleaned_events, raw_sessions
from suite.peers.features import KEYS, NAMES

TITLE = "Session features"
CLOCK = """
*dbt, raw Parquet* and *dbt, raw JSON*: `dbt build --select +session_fingerprints` without tests in
an empty warehouse; the engine's seconds run from dbt's first node to its last, so they hold
reading, cleaning, ordering, describing and writing. *SQL, cleaned events*: the same compiled SQL
from the cleaned events and the list of sessions to `session_fingerprints`, in one DuckDB process,
in memory. *pandas*, *Polars*, *NumPy*: from the same two, both Parquet, to one table of vectors in
memory; imports come before the engine's clock, and what the check writes after it. None has a loop
or a function of its own for a group. *pandas, applied to each session* has one, by
`groupby(...).apply`, as most would write it; it is measured by itself, and on few sessions. All
order a session's events first, as files need not have them in order. *DuckDB's floor*: one window
and one group over the columns that the features are made of. Every peer's vectors are compared with
ours before it is timed, all 30 features of all its sessions and checkpoints; see *largest
difference*. Simulated sessions overlap none of their peers, and the peers of `range_vs_median` rely
on that. A build has the limit that all builds have, 2.5 GB for DuckDB, SQL alone and the floor have
4 GB; what is beyond is spilled.
"""
SIZES = {
    "tiny": (40,),
    "quick": (10_000, 100_000),
    "full": (10_000, 100_000, 1_000_000),
}
JSON_SIZES = {"tiny": (20,), "quick": (2_000,), "full": (2_000, 10_000)}
CHECKPOINTS = {"100 %": [100], "six checkpoints": [25, 30, 40, 50, 75, 100]}
DBT, SQL, FLOOR = "ours: dbt, raw Parquet", "ours: SQL, cleaned events", "DuckDB's floor"
DBT_JSON = "ours: dbt, raw JSON"
APPLIED = "pandas, applied to each session"
PEERS = {
    "pandas": "features_pandas",
    APPLIED: "features_pandas_apply",
    "Polars": "features_polars",
    "NumPy": "features_numpy",
}
# What every plain installation of this project has too.
WITHOUT_INSTALLATION = ("pandas", APPLIED, "NumPy")
TOLERANCE = 1e-9
MEMORY_LIMIT = "4GB"
# Beyond it peers, who hold everything in memory, would take most of the hour.
LARGEST_OF_PEERS = 100_000
# Takes a minute already, and grows as the sessions do.
LARGEST_APPLIED = 10_000

FLOOR_QUERY = """
    select
        session_id,
        count(*) as n_events,
        count(*) filter (where phase != previous_phase) as n_switches,
        count(distinct structural_role) as n_roles,
        avg(htf_regime) as regime,
        avg(elapsed_us) as time_mean,
        stddev_pop(elapsed_us) as time_std,
        stddev_pop(elapsed_us - previous_us) as gap_std,
        median(price) as price_median,
        max(price) - min(price) as price_range,
        stddev_pop(price - previous_price) as change_std,
        sum(abs(price - previous_price)) as path_length,
        stddev_pop(magnitude) as magnitude_std,
        avg(significance) as significance_mean
    from (
        select
            *,
            lag(phase) over by_event as previous_phase,
            lag(elapsed_us) over by_event as previous_us,
            lag(price) over by_event as previous_price
        from '{events}'
        window by_event as (
            partition by session_id order by elapsed_us, type_number, price, event_hash
        )
    )
    group by session_id
"""


def measure(size: int, bench: Bench) -> list[Row]:
    """Measure sessions of one size, from Parquet and, where it is small enough, from JSON."""
    rows = []
    if size in SIZES[bench.mode.name]:
        raw, told = raw_sessions(bench, size, "parquet")
        for name, checkpoints in CHECKPOINTS.items():
            rows += measure_checkpoints(size, bench, raw, told, name, checkpoints)
    if size in JSON_SIZES[bench.mode.name]:
        raw, told = raw_sessions(bench, size, "json")
        for name, checkpoints in CHECKPOINTS.items():
            home = Home(bench.folder / f"features_json_{size}_{len(checkpoints)}", sessions=raw)
            case = dbt_case(DBT_JSON, home, bench, checkpoints)
            labels = {"case": f"{name}, JSON", "size": size, "n_items": told["n_events"]}
            rows += in_turn([case], bench, work="session_features", **labels)
            home.clear()
    return rows


def sizes(mode: str) -> list[int]:
    """Give the sizes of both formats."""
    return sorted({*SIZES[mode], *JSON_SIZES[mode]})


def dbt_case(by: str, home: Home, bench: Bench, checkpoints: list[int]) -> Case:
    """Make a case of a build up to the vectors."""
    arguments = ["--select", "+session_fingerprints", *WITHOUT_TESTS]
    arguments += ["--vars", json.dumps({"checkpoints": checkpoints})]
    return build_case(by, home, bench, arguments)


def measure_checkpoints(
    size: int, bench: Bench, raw: str, told: Row, name: str, checkpoints: list[int]
) -> list[Row]:
    """Measure all who can, in turn."""
    home = Home(bench.folder / f"features_{size}_{len(checkpoints)}", sessions=raw)
    dbt = dbt_case(DBT, home, bench, checkpoints)
    prepare(dbt, bench.folder)
    cleaned = cleaned_events(bench, home.warehouse, bench.folder / f"cleaned_{size}")
    ours = home.folder / "vectors.parquet"
    replay = sql_arguments(home, cleaned)
    sql = function_case(SQL, "suite.replay:replay", replay, bench)
    wanted = f"select {', '.join((*KEYS, *NAMES))} from {{last}}"
    prepare(
        function_case(
            SQL, "suite.replay:replay", replay | {"out": str(ours), "query": wanted}, bench
        ),
        bench.folder,
    )
    cases, checks, rows = [dbt, sql], {}, []
    labels = {"work": "session_features", "case": name, "size": size}
    labels["n_items"] = cleaned["n_events"]
    # By dbt from raw files or as SQL from cleaned events: the vectors are the same.
    checks[SQL] = check_dbt(bench, home, ours)
    arguments = {"events": cleaned["events"], "sessions": cleaned["sessions"]}
    arguments["checkpoints"] = checkpoints
    for by, module in PEERS.items():
        if not takes_part(by, size, checkpoints) or not can_run(by, bench):
            continue
        try:
            checks[by] = check_peer(bench, by, module, arguments, ours)
        except ChildError as error:
            # It ran out of memory, say: that is a result too.
            rows.append(failed(by, error, bench, **labels))
            continue
        cases.append(peer_case(bench, by, module, arguments))
    if checkpoints == [100]:
        floor = {"events": cleaned["events"], "spill": str(bench.folder / "spill")}
        case = function_case(FLOOR, "suite.work.session_features:pass_once", floor, bench)
        prepare(case, bench.folder)
        cases.append(case)
    # A hundred times the others: in turn with it, they would be measured once or twice.
    apart = [case for case in cases if case.by == APPLIED]
    together = [case for case in cases if case.by != APPLIED]
    for group in (together, apart):
        rows += in_turn(group, bench, is_warm=True, **labels)
    for row in rows:
        row["largest_difference"] = checks.get(row["by"])
        if row["by"] == DBT:
            row["n_items"] = told["n_events"]
    # The next size needs the room.
    home.clear()
    return rows


def sql_arguments(home: Home, cleaned: Row) -> Row:
    """Give the arguments of `replay` that make vectors of cleaned events."""
    return {
        "target": str(home.target),
        "last": "session_fingerprints",
        "given": cleaned["given"],
        "spill": str(home.folder / "spill"),
        "memory_limit": MEMORY_LIMIT,
    }


def takes_part(by: str, size: int, checkpoints: list[int]) -> bool:
    """Say whether a peer is measured here: not where it would take most of the hour."""
    if by == APPLIED:
        return size <= LARGEST_APPLIED and checkpoints == [100]
    return size <= LARGEST_OF_PEERS


def can_run(by: str, bench: Bench) -> bool:
    """Say whether a peer is installed, and print it where it is not."""
    is_there = by in WITHOUT_INSTALLATION or bench.peer_python.exists()
    if not is_there:
        print(f"{by} is not installed (benchmarks/install): it is left out", flush=True)
    return is_there


def peer_case(bench: Bench, by: str, module: str, arguments: Row) -> Case:
    """Make a case of a peer, in the peers' interpreter where there is one."""
    is_peer = bench.peer_python.exists()
    return function_case(by, f"suite.peers.{module}:run", arguments, bench, is_peer=is_peer)


def check_peer(bench: Bench, by: str, module: str, arguments: Row, ours: Path) -> float | str:
    """Compare a peer's vectors with ours; give the largest difference, or how it failed.

    Raises
    ------
    ChildError
        A vector stands on one side alone.
    ValueError
        A value differs by more than the tolerance.
    """
    theirs = ours.with_name(f"{module}.parquet")
    prepare(peer_case(bench, by, module, arguments | {"out": str(theirs)}), bench.folder)
    return compare(bench, by, ours, theirs)


def check_dbt(bench: Bench, home: Home, ours: Path) -> float:
    """Compare the vectors of the cut-out SQL with those that dbt wrote."""
    theirs = ours.with_name("dbt.parquet")
    arguments = {"warehouse": str(home.warehouse), "out": str(theirs)}
    function = "suite.work.session_features:write_vectors"
    prepare(function_case(DBT, function, arguments, bench), bench.folder)
    return compare(bench, DBT, ours, theirs)


def compare(bench: Bench, by: str, ours: Path, theirs: Path) -> float:
    """Compare two files of vectors; raise where they differ."""
    arguments = {"ours": str(ours), "theirs": str(theirs), "names": NAMES, "keys": KEYS}
    told = prepare(function_case(by, "suite.inputs:differences", arguments, bench), bench.folder)
    if not told["largest_difference"] <= TOLERANCE:
        raise ValueError(
            f"{by} differs from ours by {told['largest_difference']}, more than {TOLERANCE}"
        )
    return told["largest_difference"]


def write_vectors(warehouse: str, out: str) -> Row:
    """Write the vectors of a warehouse to a file."""
    import duckdb

    with duckdb.connect(warehouse, read_only=True) as connection:
        wanted = ", ".join((*KEYS, *NAMES))
        connection.execute(
            f"copy (select {wanted} from session_fingerprints) to '{out}' (format parquet)"
        )
    return {}


def pass_once(events: str, spill: str) -> Row:
    """Run DuckDB's floor: one window and one group, into a table in memory."""
    import time

    import duckdb

    with duckdb.connect() as connection:
        connection.execute(f"set threads = 2; set temp_directory = '{spill}'")
        connection.execute(f"set memory_limit = '{MEMORY_LIMIT}'")
        started = time.perf_counter()
        connection.execute(f"create table floor as {FLOOR_QUERY.format(events=events)}")
        seconds = time.perf_counter() - started
        (n_rows,) = connection.execute("select count(*) from floor").fetchone()
    return {"engine_s": seconds, "result_rows": n_rows}
