"""Sidecars: what they say, what they refuse, and where they may be written."""

import copy
import json
import os
from datetime import UTC, date, datetime, timedelta, timezone

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archetype.sessions.features import PHASES
from archetype.sessions.json_schemas import find_fault, read_validator
from archetype.sessions.sidecar import (
    SCHEMA_NAME,
    artifact_path,
    check_sidecar,
    make_sidecar,
    spell_sidecar,
    write_sidecar,
    write_sidecars,
)

CALL = {
    "session_id": "NY_AM_2025-07-29",
    "session_on": date(2025, 7, 29),
    "checkpoint_pct": 30,
    "archetype_id": 3,
    "confidence": 0.71,
    "volatility_class": "high",
    "range_p50": 0.0035,
    "dominant_htf_regime": 1,
    "top_phases": ["expansion_phase", "fvg_interaction"],
    "session_type_probabilities": [
        {"session_type": "ny_am", "probability": 0.75},
        {"session_type": "asia", "probability": 0.25},
    ],
    "artifact_path": artifact_path(1),
    "distance": 1.25,
    "metric": "euclidean",
    "confidence_method": "temperature",
    "model_version": "09d8dcad5ee639d8",
    "as_of_at": datetime(2025, 7, 29, 14, 15),
}


def made(**changes):
    """Make the sidecar of a call."""
    return make_sidecar(**(CALL | changes))


def changed(path, value):
    """Give a good sidecar with one field set, or taken away where the value is None."""
    sidecar = copy.deepcopy(made())
    *parents, last = path.split(".")
    place = sidecar
    for name in parents:
        place = place[name]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return sidecar


def test_a_sidecar_has_the_fields_of_its_schema():
    assert made(caller="regression", caller_version="c1", notes="held out") == {
        "session_id": "NY_AM_2025-07-29",
        "date": "2025-07-29",
        "pct_seen": 30,
        "archetype_id": 3,
        "confidence": 0.71,
        "predicted_stats": {
            "volatility_class": "high",
            "range_p50": 0.0035,
            "dominant_htf_regime": 1,
            "top_phases": ["expansion_phase", "fvg_interaction"],
            "session_type_probabilities": {"ny_am": 0.75, "asia": 0.25},
        },
        "artifact_path": "artifacts/session_fingerprints/v1.0.0",
        "notes": "held out",
        "classification_metadata": {
            "distance_to_centroid": 1.25,
            "distance_metric": "euclidean",
            "confidence_method": "temperature",
            "model_version": "09d8dcad5ee639d8",
            "timestamp": "2025-07-29T14:15:00Z",
            "caller": "regression",
            "caller_version": "c1",
        },
    }


def test_the_schema_knows_no_other_field_and_the_phases_of_the_features():
    schema = read_validator(SCHEMA_NAME).schema
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    stats = schema["properties"]["predicted_stats"]
    metadata = schema["properties"]["classification_metadata"]
    for part in (schema, stats, metadata):
        assert part["additionalProperties"] is False
        assert all("description" in field for field in part["properties"].values())
    assert stats["properties"]["top_phases"]["items"]["enum"] == list(PHASES)
    assert set(schema["required"]) == set(schema["properties"])


@pytest.mark.parametrize(
    ("instant", "spelt"),
    [
        (datetime(2025, 7, 29, 14, 15), "2025-07-29T14:15:00Z"),
        (datetime(2025, 7, 29, 14, 15, tzinfo=UTC), "2025-07-29T14:15:00Z"),
        (
            datetime(2025, 7, 29, 1, 0, 0, 250_000, tzinfo=timezone(timedelta(hours=2))),
            "2025-07-28T23:00:00.250000Z",
        ),
    ],
)
def test_instants_are_those_of_the_data_in_utc(instant, spelt):
    assert made(as_of_at=instant)["classification_metadata"]["timestamp"] == spelt


def test_numbers_of_numpy_and_of_python_give_the_same_bytes():
    numpys = made(
        archetype_id=np.int32(3),
        confidence=np.float64(0.71),
        checkpoint_pct=np.int64(30),
        dominant_htf_regime=np.int32(1),
        top_phases=np.array(CALL["top_phases"], dtype=object),
        session_type_probabilities={"asia": np.float64(0.25), "ny_am": np.float64(0.75)},
    )
    assert spell_sidecar(numpys) == spell_sidecar(made())


@pytest.mark.parametrize(
    ("path", "value"),
    [
        *((name, None) for name in made()),
        *((f"predicted_stats.{name}", None) for name in made()["predicted_stats"]),
        ("classification_metadata.timestamp", None),
        ("extra", 1),
        ("predicted_stats.extra", 1),
        ("confidence", 0.0499),
        ("confidence", 0.951),
        ("confidence", float("nan")),
        ("confidence", "0.5"),
        ("confidence", True),
        ("pct_seen", 0),
        ("pct_seen", 100.5),
        ("archetype_id", 0),
        ("archetype_id", 1.5),
        ("date", "2025-02-30"),
        ("date", "20250729"),
        ("date", "2025-07-29\n"),
        ("session_id", ""),
        ("session_id", "../x"),
        ("session_id", "a/b"),
        ("session_id", "x" * 201),
        ("notes", "\ud800"),
        ("notes", "n" * 1001),
        ("artifact_path", "/artifacts"),
        ("artifact_path", "artifacts/../../x"),
        ("artifact_path", "artifacts\\v1"),
        ("artifact_path", "artifacts/v1/"),
        ("artifact_path", ""),
        ("artifact_path", "./artifacts"),
        ("predicted_stats.volatility_class", "wild"),
        ("predicted_stats.range_p50", -0.1),
        ("predicted_stats.range_p50", float("inf")),
        ("predicted_stats.dominant_htf_regime", 3),
        ("predicted_stats.top_phases", ["other"]),
        ("predicted_stats.top_phases", ["expansion_phase"] * 2),
        ("predicted_stats.session_type_probabilities", {"ny_am": 0.5}),
        ("predicted_stats.session_type_probabilities", {"ny_am": 1.5}),
        ("predicted_stats.session_type_probabilities", {"": 1.0}),
        ("predicted_stats.session_type_probabilities", {7: 1.0}),
        ("classification_metadata.distance_to_centroid", -1),
        ("classification_metadata.distance_metric", "manhattan"),
        ("classification_metadata.confidence_method", "gut"),
        ("classification_metadata.timestamp", "2025-07-29T14:15:00"),
        ("classification_metadata.timestamp", "2025-07-29T25:15:00Z"),
        ("classification_metadata.timestamp", "2025-07-29T14:15:00+00:00"),
    ],
)
def test_what_the_schema_does_not_allow_is_refused_by_name_in_one_line(path, value):
    with pytest.raises(ValueError, match="expected") as error:
        check_sidecar(changed(path, value))
    assert path.split(".")[-1] in str(error.value)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 400


def test_a_call_that_cannot_be_a_sidecar_is_refused_when_it_is_made():
    for change in (
        {"confidence": 1.0},
        {"session_on": None},
        {"as_of_at": None},
        {"top_phases": None},
        {"session_type_probabilities": None},
        {"session_type_probabilities": [{"type": "x"}]},
        {"archetype_id": None},
    ):
        with pytest.raises(ValueError, match=r"^sidecar: "):
            made(**change)
    assert made(range_p50=None, session_type_probabilities=[])


@pytest.mark.parametrize("number", [0, -1, None, 1.5, True, "1"])
def test_artifacts_belong_to_a_version(number):
    with pytest.raises(ValueError, match="version_number"):
        artifact_path(number)


def test_a_sidecar_is_written_once(tmp_path):
    path = write_sidecar(tmp_path, "run_1", made())
    assert path == tmp_path / "runs/run_1/NY_AM_2025-07-29/session_fingerprint.json"
    assert json.loads(path.read_text()) == made()
    assert path.read_bytes().endswith(b"}\n")
    before = path.stat()
    reordered = dict(reversed(list(made().items())))
    assert write_sidecar(tmp_path, "run_1", reordered) == path
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    write_sidecar(tmp_path, "run_1", made(confidence=0.5))
    assert json.loads(path.read_text())["confidence"] == 0.5
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_a_write_that_fails_leaves_the_old_sidecar_alone(tmp_path, monkeypatch):
    path = write_sidecar(tmp_path, "run_1", made())
    before = path.read_bytes()

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space"):
        write_sidecar(tmp_path, "run_1", made(confidence=0.5))
    assert path.read_bytes() == before
    assert [each.name for each in path.parent.iterdir()] == [path.name]


BAD_NAMES = (
    *("", ".", "..", "../x", "a/b", "/tmp/x", "a\\b", "a\0b", "x" * 201, "é" * 101, ".hidden"),
    *("a\nb", "\ud800", "..\\x", "~/../x", None, 7),
)


@pytest.mark.parametrize("name", BAD_NAMES)
def test_names_that_try_to_leave_the_folder_create_nothing(tmp_path, name):
    home = tmp_path / "home"
    home.mkdir()
    for run_id, session_id in ((name, "S"), ("run", name)):
        with pytest.raises(ValueError, match=r"(run_id|session_id).*expected") as error:
            write_sidecar(home, run_id, changed("session_id", session_id or ""))
        assert "\n" not in str(error.value)
    assert [path.name for path in tmp_path.rglob("*")] == ["home"]


@given(run_id=st.text(max_size=8), session_id=st.text(max_size=8))
def test_whatever_the_names_nothing_lands_elsewhere(tmp_path_factory, run_id, session_id):
    outer = tmp_path_factory.mktemp("outer")
    home = outer / "home"
    try:
        path = write_sidecar(home, run_id, changed("session_id", session_id))
    except ValueError:
        assert list(outer.iterdir()) == []
        return
    assert path == home / "runs" / run_id / session_id / "session_fingerprint.json"
    assert path.resolve() == path
    assert [each for each in outer.rglob("*") if each.is_file()] == [path]


@pytest.mark.parametrize("level", ["runs", "runs/run", "runs/run/NY_AM_2025-07-29"])
@pytest.mark.parametrize("is_dangling", [False, True])
def test_a_link_that_leads_out_is_refused(tmp_path, level, is_dangling):
    outside, link = tmp_path / "outside", tmp_path / "home" / level
    if not is_dangling:
        outside.mkdir()
    link.parent.mkdir(parents=True)
    link.symlink_to(outside)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(ValueError, match="symbolic link"):
        write_sidecar(tmp_path / "home", "run", made())
    assert sorted(tmp_path.rglob("*")) == before


def test_a_link_in_the_place_of_the_file_is_replaced_not_followed(tmp_path):
    path = write_sidecar(tmp_path, "run", made())
    target = tmp_path / "elsewhere.json"
    path.rename(target)
    path.symlink_to(target)
    before = target.read_bytes()
    write_sidecar(tmp_path, "run", made(confidence=0.5))
    assert target.read_bytes() == before
    assert not path.is_symlink()


def test_a_home_may_be_a_link(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "home").symlink_to(tmp_path / "real")
    path = write_sidecar(tmp_path / "home", "run", made())
    assert path.is_relative_to(tmp_path / "real")


def calls(*changes):
    """Make a table of calls."""
    row = {name: value for name, value in CALL.items() if name != "artifact_path"}
    row |= {"version_number": 1, "status": "called", "reason": "called"}
    row |= {"caller": "regression", "caller_version": "c1"}
    return pa.Table.from_pylist([row | change for change in changes])


def test_one_bad_row_does_not_stop_the_others(tmp_path):
    table = calls(
        {"session_id": "S3"},
        {"session_id": "../S0"},
        {"session_id": "S2", "archetype_id": None, "status": "not_called", "reason": "too_few"},
        {"session_id": "S1", "confidence": 1.0},
        {"session_id": "S4"},
        {"session_id": "S4", "confidence": 0.5},
        {"session_id": "S5", "version_number": None},
        {"session_id": "S6"},
    )
    (tmp_path / "runs/r").mkdir(parents=True)
    (tmp_path / "runs/r/S6").write_text("a file where a folder should be")
    results = write_sidecars(tmp_path, "r", table)
    assert [(row["session_id"], row["status"]) for row in results.to_pylist()] == [
        ("../S0", "failed"),
        ("S1", "failed"),
        ("S2", "not_called"),
        ("S3", "written"),
        ("S4", "failed"),
        ("S4", "failed"),
        ("S5", "failed"),
        ("S6", "failed"),
    ]
    reasons = results["reason"].to_pylist()
    words = ("session_id", "confidence", "too_few", None, "2 calls", "2 calls", "version_number")
    for reason, word in zip(reasons, words, strict=False):
        assert reason is None if word is None else word in reason
    written = list(tmp_path.rglob("*.json"))
    assert [path.relative_to(tmp_path).as_posix() for path in written] == [
        results["path"][3].as_py()
    ]
    assert json.loads(written[0].read_text())["classification_metadata"]["caller"] == "regression"
    assert write_sidecars(tmp_path, "r", table).equals(results)


def test_a_build_without_calls_writes_nothing(tmp_path):
    assert write_sidecars(tmp_path, "r", calls({}).slice(0, 0)).num_rows == 0
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ValueError, match="run_id"):
        write_sidecars(tmp_path, "../r", calls({}))


@given(
    confidence=st.floats(0.05, 0.95),
    distance=st.floats(0, 1e300),
    pct=st.integers(1, 100) | st.floats(1, 100),
    phases=st.lists(st.sampled_from(PHASES), unique=True, max_size=3),
    weights=st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=5),
        st.integers(1, 50),
        min_size=1,
        max_size=5,
    ),
    notes=st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    instant=st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1)),
)
def test_what_is_written_is_read_back(confidence, distance, pct, phases, weights, notes, instant):
    total = sum(weights.values())
    sidecar = made(
        confidence=confidence,
        distance=distance,
        checkpoint_pct=pct,
        top_phases=phases,
        session_type_probabilities={name: weight / total for name, weight in weights.items()},
        notes=notes,
        as_of_at=instant,
    )
    content = spell_sidecar(sidecar)
    assert json.loads(content) == sidecar
    assert find_fault(SCHEMA_NAME, json.loads(content)) is None
    assert spell_sidecar(json.loads(content)) == content
