"""One live session file gets the vector, the reason and the call that a build gives it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import duckdb
import numpy as np
import pytest
from conftest import ROOT, SAMPLE, Warehouse, built_once
from typer.testing import CliRunner

from archetype.cli import app
from archetype.sessions import live_sql
from archetype.sessions.callers import call_vectors, read_callers
from archetype.sessions.features import FEATURE_NAMES
from archetype.sessions.live import LiveError, LiveScorer
from archetype.sessions.live_report import report_call, sidecar_of
from archetype.sessions.sidecar import check_sidecar

CHECKPOINTS = (25, 30, 75, 100)


@pytest.fixture(scope="session")
def early_home(tmp_path_factory, early_warehouse) -> Path:
    """Give a home with what a build with early calls published, and dbt's SQL at hand."""

    def build(warehouse: Warehouse) -> str:
        warehouse.home.mkdir()
        shutil.copy(early_warehouse.published, warehouse.published)
        with LiveScorer(warehouse.published, project=ROOT) as scorer:
            scorer.start()
        return str(warehouse.home)

    return built_once(tmp_path_factory, "classify", build).home


@pytest.fixture(scope="module")
def scorer(early_home):
    with LiveScorer(early_home / "published.duckdb", project=ROOT) as scorer:
        yield scorer


@pytest.fixture
def run(early_home, monkeypatch):
    """Give a function that runs `archetype classify` in this process."""
    monkeypatch.chdir(ROOT)

    def run_classify(*arguments: object, home: Path = early_home):
        command = ["classify", *map(str, arguments)]
        return CliRunner().invoke(app, command, env={"ARCHETYPE_HOME": str(home)})

    return run_classify


def compare(home: Warehouse, scorer: LiveScorer, folder: Path, at: int) -> int:
    """Compare each file of a log with the fingerprints; give how many vectors were the same."""
    prints = {
        row[0]: row[1:]
        for row in home.query(
            "select session_id, feature_vector, imputed_features, n_events, as_of_at,"
            f" is_low_information from session_fingerprints where checkpoint_pct = {at}"
        )
    }
    log = home.query(
        "select file_name, session_id, status, reason, message from session_processing_log"
        " where dialect is distinct from 'parquet'"
    )
    n_same = 0
    for name, session_id, status, reason, message in log:
        if status == "processed" and session_id in prints:
            seen = scorer.describe(folder / name, at)
            vector, imputed, *rest = prints.pop(session_id)
            assert seen.session_id == session_id
            assert seen.vector.tobytes() == np.array(vector).tobytes(), (name, at)
            assert list(seen.imputed_features) == imputed
            assert [seen.n_events, seen.as_of_at, seen.is_low_information] == rest
            n_same += 1
        elif status == "processed":
            with pytest.raises(LiveError, match=r"too_few_events|no_scheduled_end"):
                scorer.describe(folder / name, at)
        elif reason not in ("superseded", "ambiguous_session_id"):
            with pytest.raises(LiveError) as caught:
                scorer.describe(folder / name, at)
            assert str(caught.value).endswith(f"{reason}: {message}") or reason == "empty_file"
    assert not prints
    return n_same


@pytest.mark.parametrize("at", CHECKPOINTS)
def test_the_vector_of_a_sample_file_is_the_one_of_the_build(sample_warehouse, scorer, at):
    assert compare(sample_warehouse, scorer, SAMPLE, at) > 40


@pytest.mark.parametrize("at", CHECKPOINTS)
def test_the_vector_of_a_real_file_is_the_one_of_the_build(real_warehouse, real_sessions, at):
    with LiveScorer(real_warehouse.published, project=ROOT) as scorer:
        assert compare(real_warehouse, scorer, real_sessions, at) > 40


def test_sessions_that_come_together_do_not_meet(sample_warehouse, scorer, tmp_path):
    paths = sorted(SAMPLE.glob("*.json"))
    copy = tmp_path / "copy.json"
    document = json.loads(session_file(sample_warehouse).read_text())
    copy.write_text(json.dumps(document | {"events": document["events"][:-2]}))
    paths += [copy, tmp_path / "absent.json"]
    for path, together in zip(paths, scorer.call_many(paths, 30), strict=True):
        if isinstance(together, LiveError):
            with pytest.raises(LiveError) as caught:
                scorer.call(path, 30)
            assert str(caught.value) == str(together)
            continue
        alone = scorer.call(path, 30)
        assert together.seen.session_id == alone.seen.session_id
        assert together.seen.vector.tobytes() == alone.seen.vector.tobytes()
        assert together.probabilities.tobytes() == alone.probabilities.tobytes()


def test_a_finished_session_gets_its_assignment(sample_warehouse, scorer):
    rows = sample_warehouse.query(
        "select file_name, archetype_id, distance, assigned.confidence, model_version"
        " from session_assignments as assigned"
        " inner join session_processing_log as logged using (session_id)"
        " where logged.status = 'processed'"
    )
    for name, archetype_id, distance, confidence, version in rows:
        call = scorer.call(SAMPLE / name, 100)
        assert (call.archetype_id, call.distance, call.model_version) == (
            archetype_id,
            distance,
            version,
        )
        assert call.confidence == min(max(confidence, 0.05), 0.95)
        assert call.probabilities.sum() == pytest.approx(1)


def test_an_early_call_is_what_the_caller_makes_of_the_published_vector(sample_warehouse, scorer):
    with duckdb.connect(str(scorer.library.published), read_only=True) as connection:
        chosen = connection.execute(
            "from session_early_callers where is_chosen and checkpoint_pct = 30"
        ).to_arrow_table()
    (caller,) = read_callers(chosen)
    rows = sample_warehouse.query(
        "select file_name, feature_vector, imputed_features from session_fingerprints"
        " inner join session_processing_log as logged using (session_id)"
        " where checkpoint_pct = 30 and logged.status = 'processed'"
    )
    for name, vector, imputed in rows:
        mask = np.array([[feature in imputed for feature in FEATURE_NAMES]])
        wanted = call_vectors(caller, np.array([vector]), mask)
        call = scorer.call(SAMPLE / name)
        assert call.archetype_id == wanted.archetype_id[0]
        assert call.confidence == wanted.confidence[0]
        assert call.probabilities.tobytes() == wanted.probabilities[0].tobytes()
        assert call.setting.caller == caller.caller


def session_file(sample_warehouse: Warehouse) -> Path:
    """Give a rich session of the sample whose end is scheduled."""
    ((name,),) = sample_warehouse.query(
        "select file_name from session_fingerprints inner join session_processing_log as logged"
        " using (session_id) where checkpoint_pct = 30 and logged.reason = 'eligible_to_fit'"
        " and dialect = 'adapted' order by n_events desc, file_name limit 1"
    )
    return SAMPLE / name


def test_events_after_the_checkpoint_change_nothing(sample_warehouse, scorer, tmp_path):
    path = session_file(sample_warehouse)
    call = scorer.call(path)
    document = json.loads(path.read_text())
    metadata = document["session_metadata"]
    assert metadata.get("session_end") or metadata.get("session_duration")
    start = call.seen.started_at
    limit = (call.seen.as_of_at - start).total_seconds()
    first = clock(metadata.get("session_start") or metadata["start_time"])
    kept = [event for event in document["events"] if event_time(event) - first <= limit]
    later = [event for event in document["events"] if event_time(event) - first > limit]
    assert later
    assert len(kept) >= call.seen.n_events, "copies and events before the start do not count"
    altered = [event | {"price_level": 1e6, "type": "reversal", "magnitude": 99} for event in later]
    for events in (kept, kept + altered, kept + later[:1] * 3 + altered):
        other = tmp_path / "altered.json"
        other.write_text(json.dumps(document | {"events": events}))
        again = scorer.call(other)
        assert again.seen.vector.tobytes() == call.seen.vector.tobytes()
        assert again.archetype_id == call.archetype_id
        assert again.probabilities.tobytes() == call.probabilities.tobytes()
    other.write_text(json.dumps(document | {"events": kept[: len(kept) // 2] + later}))
    assert scorer.call(other).seen.vector.tobytes() != call.seen.vector.tobytes()


def clock(text: str) -> int:
    hours, minutes, seconds = text.split(":")
    return 3600 * int(hours) + 60 * int(minutes) + int(float(seconds))


def event_time(event: dict) -> int:
    return clock(event["timestamp"])


def test_a_call_is_told_in_a_few_lines_and_as_a_sidecar(sample_warehouse, scorer):
    call = scorer.call(session_file(sample_warehouse), 50)
    lines = list(report_call(call))
    assert lines[0].startswith(f"{call.seen.session_id}, seen to 50 %")
    assert len(lines) <= 10
    assert f"{call.confidence:.2f}" in lines[2]
    document = sidecar_of(call)
    check_sidecar(document)
    assert document["pct_seen"] == 50
    assert document["classification_metadata"]["caller_version"] == call.caller_version
    assert "fitted on this session" in document["notes"]


def test_the_command_prints_lines_or_one_document_and_writes_the_sidecar(
    run, sample_warehouse, early_home
):
    path = session_file(sample_warehouse)
    said = run(path, "--at", "30", "--sidecar")
    assert said.exit_code == 0, said.output
    written = Path(said.stdout.splitlines()[-1].split(maxsplit=1)[1])
    assert written.is_relative_to(early_home / "runs")
    printed = run(path, "--json", "--sidecar")
    assert json.loads(printed.stdout) == json.loads(written.read_text())
    assert str(written) in printed.stderr


def test_a_file_that_cannot_be_called_does_not_stop_the_others(
    run, sample_warehouse, early_home, tmp_path
):
    paths = sorted(Path("sample/sessions").glob("*.json"))
    singly = {path: run(path, "--json") for path in paths[:4]}
    (tmp_path / "empty.json").write_bytes(b"")
    said = run(tmp_path / "absent.json", *singly, tmp_path / "empty.json", "--json", "--sidecar")
    assert said.exit_code == 1
    called = [one for one in singly.values() if one.exit_code == 0]
    assert called
    # One document a line, in the order of the files; and a line for each file that has none.
    assert [json.loads(line) for line in said.stdout.splitlines()] == [
        json.loads(one.stdout) for one in called
    ]
    told = said.stderr.splitlines()
    assert "no file" in told[0]
    assert "empty_file" in told[-1]
    written = [Path(line.split(maxsplit=1)[1]) for line in told if line.startswith("sidecar")]
    assert len(written) == len(called)
    assert all(path.is_relative_to(early_home / "runs") for path in written)
    assert run(*singly).stdout.count("\n\n") == len(called)


def test_another_caller_can_be_asked_for(run, scorer, sample_warehouse):
    path = session_file(sample_warehouse)
    said = run(path, "--caller", "prototype", "--metric", "cosine", "--json")
    assert json.loads(said.stdout)["classification_metadata"]["distance_metric"] == "cosine"
    call = scorer.call(path, 30, caller="discriminant")
    assert call.setting.caller == "discriminant"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["absent.json"], "no file"),
        (["folder"], "is a folder"),
        (["empty.json"], "empty_file: The file has no content"),
        (["truncated.json"], "invalid_json: The file is not one well-formed JSON document"),
        (["other.json"], "not_a_session: No event list"),
        (["ahead.json"], "lookahead_field: The file carries a field that looks ahead"),
        (["no_type.json"], "missing_session_type:"),
        (["no_date.json"], "missing_session_date:"),
        (["no_start.json"], "missing_start_time:"),
        (["few.json"], "too_few_events: Fewer in-session events than min_events"),
        (["late.json"], "has 1 events by 30 % of its scheduled time; 5 are needed"),
        (["late.json", "--at", "0"], "--at 0 is no checkpoint of the library; choose one of 25, "),
        (["late.json", "--at", "31"], "--at 31 is no checkpoint"),
        (["late.json", "--at", "soon"], "--at soon is no whole number"),
        (["late.json", "--metric", "manhattan"], "--metric is 'manhattan'; it must be"),
        (["late.json", "--caller", "oracle"], "--caller is 'oracle'; it must be"),
        (["late.json", "--confidence", "high"], "--confidence is 'high'; it must be"),
        (["late.json", "--scaler", "none"], "--scaler is 'none'; it must be"),
        (["late.json", "--caller", "discriminant", "--metric", "cosine"], "no early caller has"),
        (["late.json", "--at", "100", "--metric", "cosine"], "called by its assignment"),
        (["late.json", "--vars", "peer_days"], "--vars is no JSON"),
    ],
)
def test_a_bad_call_says_why_in_one_line(run, tmp_path, sample_warehouse, arguments, reason):
    write_bad_files(tmp_path, json.loads(session_file(sample_warehouse).read_text()))
    said = run(tmp_path / arguments[0], *arguments[1:])
    check_failure(said, reason)


def check_failure(said, reason: str) -> None:
    assert said.exit_code == 1
    assert said.stdout == ""
    assert len(said.stderr.splitlines()) == 1, said.stderr
    assert reason in said.stderr


def write_bad_files(folder: Path, good: dict) -> None:
    """Write a file of each kind that cannot be called."""
    (folder / "folder").mkdir()
    (folder / "empty.json").write_bytes(b"")
    (folder / "truncated.json").write_text(json.dumps(good)[:-20])
    (folder / "other.json").write_text('{"a": 1}')
    (folder / "ahead.json").write_text(json.dumps(good | {"htf_forecast": 1}))
    for name, keys in {
        "no_type": ("session_type",),
        "no_date": ("session_date", "date"),
        "no_start": ("session_start", "start_time"),
    }.items():
        metadata = {k: v for k, v in good["session_metadata"].items() if k not in keys}
        (folder / f"{name}.json").write_text(json.dumps(good | {"session_metadata": metadata}))
    events = sorted(good["events"], key=event_time)
    (folder / "few.json").write_text(json.dumps(good | {"events": events[:3]}))
    (folder / "late.json").write_text(json.dumps(good | {"events": events[:1] + events[-6:]}))


def test_without_a_library_it_says_what_to_do(run, early_home, tmp_path, sample_warehouse):
    path = session_file(sample_warehouse)
    check_failure(run(path, home=tmp_path), "run `archetype build` first")
    published = tmp_path / "published.duckdb"
    published.write_text("not a database")
    check_failure(run(path, home=tmp_path), "cannot be read")
    shutil.copy(early_home / "published.duckdb", published)
    spoil = {
        "delete from session_early_callers": "ARCHETYPE_SESSION_FINGERPRINTING=1",
        "drop table session_early_callers": "ARCHETYPE_SESSION_FINGERPRINTING=1",
        "update session_models set feature_schema = 'other'": "feature schema other",
        "drop table session_relative_ranges": "run `archetype build` again",
        "delete from session_models": "holds no model yet",
    }
    shutil.copytree(early_home / "artifacts", tmp_path / "artifacts")
    for sql, reason in spoil.items():
        with duckdb.connect(str(published)) as connection:
            connection.execute(sql)
        at = "30" if "early" in sql else "100"
        check_failure(run(path, "--at", at, home=tmp_path), reason)


def test_dbt_runs_once_for_one_state_of_the_project(early_home, tmp_path, monkeypatch):
    def no_dbt(*arguments):
        raise AssertionError("dbt ran again")

    monkeypatch.setattr(live_sql, "compile_live_sql", no_dbt)
    kept = live_sql.load_live_sql(ROOT, early_home, {})
    assert [model.name for model in kept.models][-1] == "session_processing_log"
    with pytest.raises(AssertionError, match="dbt ran again"):
        live_sql.load_live_sql(ROOT, early_home, {"peer_days": 20})
    with pytest.raises(LiveError, match="run this from the project's root"):
        live_sql.load_live_sql(tmp_path, early_home, {})
