"""Makes what is measured on: raw files by the simulator, and the cleaned events of all peers.

Each function runs in a child; what lies there already is used again.
"""

from __future__ import annotations

import json
from pathlib import Path

from suite.harness import Bench, Row, function_case, prepare
from suite.peers.features import PHASES

SEED = 1


CUT = ("session_events", "session_selection")
"""Where our SQL starts from: cleaned events as their files have them, and the sessions chosen."""

EVENTS = f"""
    select
        sessions.session_id,
        events.elapsed_us,
        events.type_number,
        events.event_hash,
        coalesce([{", ".join(f"'{phase}'" for phase in PHASES)}][events.phase_number], 'other')
            as phase,
        events.htf_regime,
        kinds.structural_role,
        events.price,
        events.magnitude,
        events.significance
    from session_events as events
    inner join session_selection as sessions using (session_hash)
    left join (
        select distinct role_key, structural_role from session_event_kinds
        where role_key is not null
    ) as kinds using (role_key)
    where sessions.reason is null and events.is_in_session
    order by sessions.session_id, events.position_in_file
"""
"""What all peers start from: the events of the sessions used, as their files have them."""

SESSIONS = """
    select session_id, session_type, started_at, duration_us, has_scheduled_end
    from session_selection
    where reason is null
    order by session_id
"""
# The peers leave out what no simulated session needs: a peer session that began before and ends
# after the one that is described.
UNFINISHED_PEERS = """
    select count(*)
    from (
        select
            started_at + to_microseconds(duration_us) as as_of_at,
            max(started_at + to_microseconds(duration_us)) over (
                partition by session_type
                order by started_at
                range between unbounded preceding and interval 1 microsecond preceding
            ) as last_peer_at
        from session_selection
        where reason is null
    )
    where last_peer_at > as_of_at
"""


def raw_sessions(bench: Bench, count: int, file_format: str) -> tuple[str, Row]:
    """Simulate sessions; give the glob of their files, and how many sessions and events it has."""
    folder = bench.folder / f"sessions_{file_format}_{count}"
    told = folder.with_suffix(".told.json")
    if not told.exists():
        arguments = {"out": str(folder), "count": count, "file_format": file_format}
        case = function_case("simulate", "suite.inputs:simulate", arguments, bench)
        told.write_text(json.dumps(prepare(case, bench.folder)))
    return str(folder / f"*.{file_format}"), json.loads(told.read_text())


def simulate(out: str, count: int, file_format: str) -> Row:
    """Simulate sessions."""
    from archetype.simulate import simulate_sessions

    report = simulate_sessions(Path(out), count, SEED, file_format)
    return {"n_sessions": report.n_sessions, "n_events": report.n_events}


def raw_sales(bench: Bench, stores: int, skus: int, days: int, **options) -> tuple[str, Row]:
    """Simulate sales without dirt; give the glob of their files, and how many rows it has."""
    name = "_".join(map(str, ("sales", stores, skus, days, *options.values())))
    folder = bench.folder / name
    told = folder.with_suffix(".told.json")
    if not told.exists():
        arguments = {"out": str(folder), "stores": stores, "skus": skus, "days": days, **options}
        case = function_case("simulate", "suite.inputs:simulate_store_sales", arguments, bench)
        told.write_text(json.dumps(prepare(case, bench.folder)))
    return str(folder / "sales_2*.parquet"), json.loads(told.read_text())


def simulate_store_sales(out: str, stores: int, skus: int, days: int, **options) -> Row:
    """Simulate sales."""
    from archetype.simulate import simulate_sales

    report = simulate_sales(
        *(Path(out), stores, skus, days, SEED), file_format="parquet", dirt=False, **options
    )
    return {"n_series": report.n_series, "n_rows": report.n_rows, "truth": str(report.truth_path)}


def cleaned_events(bench: Bench, warehouse: Path, folder: Path) -> Row:
    """Write the cleaned events of a warehouse for all peers; give the files and their rows."""
    told = folder / "told.json"
    if not told.exists():
        folder.mkdir(parents=True, exist_ok=True)
        arguments = {"warehouse": str(warehouse), "folder": str(folder)}
        case = function_case("cleaned", "suite.inputs:write_cleaned", arguments, bench)
        told.write_text(json.dumps(prepare(case, bench.folder)))
    return json.loads(told.read_text())


def write_cleaned(warehouse: str, folder: str) -> Row:
    """Write the models of the cut for our SQL, and what peers need of them for peers."""
    import duckdb

    def path(name: str) -> str:
        return str(Path(folder) / f"{name}.parquet")

    with duckdb.connect(warehouse, read_only=True) as connection:
        connection.execute(f"set temp_directory = '{folder}/spill'; set timezone = 'UTC'")
        if connection.execute(UNFINISHED_PEERS).fetchone()[0]:
            raise ValueError("the input has sessions that overlap their peers; peers need none")
        queries = {name: f"from {name}" for name in CUT} | {"events": EVENTS, "sessions": SESSIONS}
        for name, query in queries.items():
            connection.execute(f"copy ({query}) to '{path(name)}' (format parquet)")
        (n_events,) = connection.execute(f"select count(*) from '{path('events')}'").fetchone()
    given = {name: path(name) for name in CUT}
    return {
        "given": given,
        "events": path("events"),
        "sessions": path("sessions"),
        "n_events": n_events,
    }


def differences(ours: str, theirs: str, names: list[str], keys: list[str]) -> Row:
    """Compare two Parquet files of vectors.

    Parameters
    ----------
    ours, theirs : str
        Files with the columns `keys` and `names`.
    names, keys : list of str
        What is compared, and by what rows are found.

    Returns
    -------
    dict
        `compared`: rows of ours; `largest_difference`: of any value, relative to it where it is
        larger than 1.

    Raises
    ------
    ValueError
        A row stands on one side alone, or a value is null on one side alone.
    """
    import duckdb

    matched = " and ".join(f"a.{key} = b.{key}" for key in keys)
    gaps = [f"abs(a.{name} - b.{name}) / greatest(1, abs(a.{name}))" for name in names]
    broken = " or ".join(f"(a.{n} is null) != (b.{n} is null) or isnan(b.{n})" for n in names)
    missing = f"a.{keys[0]} is null or b.{keys[0]} is null"
    n_rows, largest, n_broken = duckdb.sql(
        f"""
        select count(*), max(greatest({", ".join(gaps)})), count(*) filter ({missing} or {broken})
        from '{ours}' as a full join '{theirs}' as b on {matched}
        """
    ).fetchone()
    if n_broken or not n_rows:
        raise ValueError(f"{n_broken} of {n_rows} rows stand, or have a value, on one side alone")
    return {"compared": n_rows, "largest_difference": largest}
