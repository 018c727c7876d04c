"""Bad input: a reasoned row for each bad file, a clear message where nothing can be built."""

from __future__ import annotations

import json
import shutil

import pytest
from conftest import QUICK, SAMPLE


def some_session():
    """Give the first adapted session of the sample as a document."""
    for file in sorted(SAMPLE.glob("*.json")):
        try:
            document = json.loads(file.read_text())
        except ValueError:
            continue
        if "events" in document and "session_end" in document["session_metadata"]:
            return document
    raise AssertionError("the sample has no adapted session")


def changed(day, **metadata):
    """Give the same session on a day of its own, with other metadata; None takes a field away."""
    document = some_session()
    document["session_metadata"] |= {"session_date": f"2025-03-{day:02}"} | metadata
    for name, value in metadata.items():
        if value is None:
            del document["session_metadata"][name]
    return document


@pytest.fixture
def dirty_folder(tmp_path):
    """The sample with one bad file of every kind among the good ones."""
    folder = tmp_path / "raw"
    shutil.copytree(SAMPLE, folder)
    text = json.dumps(changed(1))
    bad = {
        "truncated.json": text[: len(text) // 2],
        "empty.json": "",
        "blank.json": " \n ",
        "latin1.json": json.dumps(changed(2, session_notes="caf\u00e9"), ensure_ascii=False).encode(
            "latin-1"
        ),
        "list.json": json.dumps([changed(3)]),
        "no_start.json": json.dumps(changed(4, session_start=None)),
        "negative.json": json.dumps(changed(5, session_end=None, session_duration=-30)),
        "backwards.json": json.dumps(
            changed(6, session_start="12:59:00", session_end="12:00:00", session_duration=59)
        ),
        "no_type.json": json.dumps(changed(7, session_type=None)),
        "no_date.json": json.dumps(changed(8, session_date="soon")),
        "zone.json": json.dumps(changed(9, timezone="Mars/Olympus")),
        "parquet.parquet": b"PAR1 and then nothing",
    }
    three = changed(10)
    three["events"] = three["events"][:3]
    bad["three.json"] = json.dumps(three)
    ahead = changed(11)
    ahead["events"][0]["future_htf"] = 1
    bad["ahead.json"] = json.dumps(ahead)
    bad["events_text.json"] = json.dumps(changed(12) | {"events": "none"})
    bad["no_times.json"] = json.dumps(
        changed(13) | {"events": [{"type": "open", "timestamp": "?", "n": n} for n in range(9)]}
    )
    # Good, although odd: every value of the wrong kind is dropped, the events stay.
    odd = changed(14)
    odd["price_movements"] = "none"
    for event in odd["events"]:
        event |= {"price_level": {"deep": [1]}, "magnitude": "NaN", "structural_role": ["x"]}
        event.pop("absolute_price", None)
    odd["events"] += [None, 7, "text", [], {}]
    bad["odd.json"] = json.dumps(odd).replace('"NaN"', "NaN")
    for name, content in bad.items():
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    (folder / "broken_link.json").symlink_to(folder / "nowhere.json")
    (folder / "a_folder.json").mkdir()
    return folder


def test_every_bad_file_has_its_reason_and_the_rest_is_built(
    dirty_folder, warehouse, sample_warehouse
):
    warehouse.built_sessions(sessions=dirty_folder / "*.*", **QUICK)
    logged = dict(warehouse.query_warehouse("select file_name, reason from session_processing_log"))
    expected = {
        "truncated.json": "invalid_json",
        "empty.json": "empty_file",
        "blank.json": "empty_file",
        "latin1.json": "not_utf8",
        "list.json": "not_an_object",
        "no_start.json": "missing_start_time",
        "negative.json": "duration_not_positive",
        "backwards.json": "duration_not_positive",
        "no_type.json": "missing_session_type",
        "no_date.json": "missing_session_date",
        "zone.json": "unknown_time_zone",
        "parquet.parquet": "invalid_parquet",
        "three.json": "too_few_events",
        "ahead.json": "lookahead_field",
        "events_text.json": "not_a_session",
        "no_times.json": "no_readable_times",
        "broken_link.json": "unreadable_file",
        "odd.json": "low_information",
        "truth.csv": "invalid_json",
    }
    assert {name: logged.get(name) for name in expected} == expected
    assert set(logged) == {f.name for f in dirty_folder.iterdir()} - {"a_folder.json"}
    good = "select session_id, checkpoint_pct, feature_vector from session_fingerprints"
    odd_id = "(select session_id from session_processing_log where file_name = 'odd.json')"
    assert set(warehouse.query_warehouse(f"{good} where session_id not in {odd_id}")) == set(
        sample_warehouse.query(good)
    )
    messages = warehouse.query_warehouse(
        "select count(*) from session_processing_log where message is null or status is null"
    )
    assert messages == [(0,)]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"sessions": "no/such/folder/*.json"}, ["no/such/folder/*.json", "ARCHETYPE_SESSIONS"]),
        (
            {"k": 1000, "refit": True},
            ["k is 1000", "only 49 sessions (of 49", "lower the variable k"],
        ),
        (
            {
                "k": "five",
                "min_events": 1,
                "clip": -1,
                "scaler": "minmax",
                "distance": "manhattan",
                "refit": "maybe",
                "components": 31,
                "checkpoints": [100, 50],
                "default_time_zone": "Mars/Olympus",
                "kk": 4,
            },
            [
                "k is five; it must be a whole number of at least 2",
                "min_events is 1; it must be a whole number of at least 2",
                "clip is -1; it must be a number above 0, below a million",
                "scaler is minmax; it must be one of standard, robust",
                "distance is manhattan; it must be one of euclidean, cosine",
                "refit is maybe; it must be true or false",
                "components is 31; it must be at most 30",
                "checkpoints is [100, 50]; it must be a rising list",
                "default_time_zone is Mars/Olympus; it must be an IANA name",
                "kk is no variable; known are checkpoints, min_events",
            ],
        ),
        ({"checkpoints": "all"}, ["checkpoints is all; it must be a rising list"]),
        ({"checkpoints": [25, 50]}, ["that ends in 100"]),
    ],
)
def test_what_cannot_be_built_is_refused_in_words(sample_copy, options, words):
    before = sample_copy.published.read_bytes()
    result = sample_copy.build(**options)
    assert result.returncode != 0
    said = " ".join(result.stdout.split())
    assert [word for word in words if word not in said] == [], said
    assert "Traceback" not in said + result.stderr
    assert sample_copy.published.read_bytes() == before


def test_a_folder_of_bad_files_only_says_so(warehouse, tmp_path):
    (tmp_path / "bad.json").write_text("{")
    result = warehouse.build(sessions=tmp_path / "*.json")
    assert result.returncode != 0
    assert "no session could be described" in result.stdout
    assert not warehouse.published.exists()
    logged = warehouse.query_warehouse("select file_name, reason from session_processing_log")
    assert logged == [("bad.json", "invalid_json")]
