"""What the session simulator promises: determinism, honest truth, dirt, recoverable archetypes."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date
from itertools import pairwise
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from archetype.simulate import sessions as simulator
from archetype.simulate import simulate_sessions
from archetype.simulate.generate import BATCH, SESSIONS_PER_SYMBOL
from archetype.simulate.planted import ARCHETYPES, LIQUIDITY, PHASES, SESSION_TYPES, WORDS

COUNT, SEED = 400, 7
KINDS = {kind.alias: kind.name for kind in SESSION_TYPES} | {k.name: k.name for k in SESSION_TYPES}
FIELDS = (
    "type",
    "original_type",
    "event_family",
    "structural_role",
    "timestamp",
    "price",
    "magnitude",
    "archaeological_significance",
    "htf_confluence",
)
DAY_S, MIN_EVENTS, SAMPLE_BYTES_MAX = 86_400, 12, 900_000
PATTERNS = dict(zip(PHASES, (*PHASES[:5], "liquidity|sweep"), strict=False))


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Simulate the same sessions in both formats, soiled and clean."""
    home = tmp_path_factory.mktemp("raw")
    simulate_sessions(home / "json", COUNT, SEED)
    simulate_sessions(home / "parquet", COUNT, SEED, "parquet")
    simulate_sessions(home / "clean", COUNT, SEED, "parquet", dirt=False)
    simulate_sessions(home / "clean_json", COUNT, SEED, dirt=False)
    return {path.name: path for path in home.iterdir()}


def _contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def _truth_of(folder: Path) -> pd.DataFrame:
    return pd.read_csv(folder / "truth.csv", keep_default_na=False)


def _session_id(kind: str, day: str) -> str:
    return f"{KINDS[kind].upper()}_{day}"


def _coalesced(event: dict, *names: str) -> object:
    return next((event[name] for name in names if event.get(name) is not None), None)


def _events_of_json(body: dict) -> list[tuple]:
    """Read either dialect the way staging does."""
    if "events" in body:
        events = body["events"]
    else:
        events = body["price_movements"] + body["session_liquidity_events"]
    rows = []
    for event in events:
        magnitude = event.get("magnitude")
        row = {
            **event,
            "type": _coalesced(event, "type", "event_type", "movement_type", "action"),
            "price": _coalesced(event, "price_level", "price", "absolute_price"),
            "magnitude": None if isinstance(magnitude, str) else magnitude,
        }
        rows.append(tuple(row.get(field) for field in FIELDS))
    return rows


def _events_of_parquet(folder: Path) -> dict[str, list[tuple]]:
    columns = ", ".join(f"price_level as {f}" if f == "price" else f for f in FIELDS)
    events: dict[str, list[tuple]] = {}
    for kind, day, *row in duckdb.sql(
        f"select session_type, session_date, {columns} from '{folder}/*.parquet'"
    ).fetchall():
        events.setdefault(_session_id(kind, day), []).append(tuple(row))
    return events


def _with_elapsed(folder: Path, name: str = "*.parquet") -> pd.DataFrame:
    """Read the events of a Parquet folder, with seconds since their session's start."""
    files = sorted(folder.glob(name))
    events = pd.concat([pd.read_parquet(file) for file in files], ignore_index=True)
    events["session_id"] = [
        _session_id(*key)
        for key in zip(events["session_type"], events["session_date"], strict=True)
    ]
    start = pd.to_timedelta(events["session_start"]).dt.total_seconds()
    clock = events["timestamp"].where(events["timestamp"].str.contains(r"\d"))
    elapsed = pd.to_timedelta(clock.str[-8:]).dt.total_seconds() - start
    events["duration_s"] = events["session_duration"] * 60
    crosses = (start + events["duration_s"] >= DAY_S) & (elapsed < 0)
    events["elapsed"] = elapsed.where(~crosses, elapsed + DAY_S)
    return events


@pytest.mark.parametrize("file_format", ["json", "parquet"])
def test_same_arguments_give_the_same_bytes(tmp_path, raw, file_format):
    """A second run with the same arguments writes the same files, byte for byte."""
    simulate_sessions(tmp_path / "again", COUNT, SEED, file_format)
    assert _contents(tmp_path / "again") == _contents(raw[file_format])


def test_another_seed_gives_other_sessions(tmp_path, raw):
    """The seed matters."""
    simulate_sessions(tmp_path / "other", COUNT, SEED + 1, "parquet")
    assert _contents(tmp_path / "other") != _contents(raw["parquet"])


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(count=st.integers(1, COUNT))
def test_a_session_is_the_same_for_every_count(tmp_path_factory, raw, count):
    """A smaller simulation is the beginning of a larger one, and its report adds up."""
    out = tmp_path_factory.mktemp("fewer")
    report = simulate_sessions(out, count, SEED)
    fewer, all_of_them = _contents(out), _contents(raw["json"])
    assert all_of_them.pop("truth.csv").startswith(fewer.pop("truth.csv"))
    assert fewer.items() <= all_of_them.items()
    assert report.n_sessions == count
    assert report.n_files == len(fewer)
    assert report.n_bytes == sum(map(len, fewer.values()))


@pytest.mark.parametrize(("of_json", "of_parquet"), [("json", "parquet"), ("clean_json", "clean")])
def test_both_formats_describe_the_same_events(raw, of_json, of_parquet):
    """Read as staging reads it, JSON holds the events of the Parquet rows."""
    truth = _truth_of(raw[of_json])
    expected = _events_of_parquet(raw[of_parquet])
    good = truth[truth["expected_status"] == "processed"]
    assert set(good["session_id"]) == set(expected)
    for name, key in zip(good["file_name"], good["session_id"], strict=True):
        body = json.loads((raw[of_json] / name).read_bytes())
        assert Counter(_events_of_json(body)) == Counter(expected[key]), name


def test_dirt_is_only_ever_added(raw):
    """Without its dirt, a soiled session has as many events as the clean one."""
    clean, dirty = _with_elapsed(raw["clean"]), _with_elapsed(raw["parquet"])
    outside = (dirty["elapsed"] < 0) | (dirty["elapsed"] > dirty["duration_s"])
    inside = dirty[~outside].drop_duplicates()
    counts = clean["session_id"].value_counts()
    pd.testing.assert_series_equal(
        inside["session_id"].value_counts().sort_index(), counts.sort_index()
    )
    assert counts.min() >= MIN_EVENTS
    assert 40 < counts.mean() < 60
    assert not clean.duplicated().any()
    assert clean["elapsed"].between(0, clean["duration_s"]).all()
    assert (clean["type"] != "").all()
    assert (clean["price_level"].isna() | (clean["price_level"] > 0)).all()
    assert set(_truth_of(raw["clean_json"])["expected_status"]) == {"processed"}


@pytest.mark.parametrize("file_format", ["json", "parquet"])
def test_truth_names_every_session_and_file_once(raw, file_format):
    """Each session id stands once as processed, and each file in the folder has its row."""
    truth = _truth_of(raw[file_format])
    good = truth[truth["expected_status"] == "processed"]
    assert tuple(truth) == simulator.TRUTH_COLUMNS
    assert len(good) == good["session_id"].nunique() == COUNT
    assert set(truth["file_name"]) == set(_contents(raw[file_format])) - {"truth.csv"}
    assert set(good["archetype"]) == set(ARCHETYPES)
    assert set(good["session_type"]) == {kind.name for kind in SESSION_TYPES}
    assert min(good["session_date"]) == "2025-01-06"
    assert {date.fromisoformat(day).weekday() for day in good["session_date"]} == set(range(5))


def test_truth_counts_duplicates_and_outsiders(raw):
    """The counts in the truth are those that the files show."""
    truth = _truth_of(raw["parquet"]).set_index("session_id")
    events = _with_elapsed(raw["parquet"])
    is_copy = events.duplicated()
    copies = events[is_copy]["session_id"].value_counts()
    distinct = events[~is_copy]
    outside = (distinct["elapsed"] < 0) | (distinct["elapsed"] > distinct["duration_s"])
    outsiders = distinct[outside]["session_id"].value_counts()
    for column, found in (("n_duplicates", copies), ("n_outside", outsiders)):
        planted = truth[column][truth[column] > 0]
        assert planted.to_dict() == found.to_dict()
        assert len(planted) > COUNT / 4


def test_dirt_is_there_as_promised(raw):
    """Dialects, spellings and every kind of dirt occur, about as often as they should."""
    truth = _truth_of(raw["json"])
    good = truth[truth["expected_status"] == "processed"]
    bodies = [json.loads((raw["json"] / name).read_bytes()) for name in good["file_name"]]
    metadata = [body["session_metadata"] for body in bodies]
    enhanced = [body for body in bodies if "events" not in body]
    adapted = [body["events"] for body in bodies if "events" in body]
    events = [event for group in adapted for event in group]
    assert 0.10 < len(enhanced) / COUNT < 0.20
    shapes = {tuple(event) for body in enhanced for event in body["price_movements"]}
    assert shapes == {
        ("timestamp", "price_level", "movement_type"),
        ("timestamp", "price", "action", "context"),
    }
    assert all(
        isinstance(event["magnitude"], str)
        for body in enhanced
        for event in body["session_liquidity_events"]
    )
    assert {"nyam", "nypm", "overnight"} < {m["session_type"] for m in metadata}
    assert 0 < sum("session_end" not in m for m in metadata) < 0.1 * COUNT
    assert 0 < sum("T" in group[0]["timestamp"] for group in adapted) < 0.1 * COUNT
    for group in adapted:
        sources = [event["source"] for event in group]
        runs = 1 + sum(a != b for a, b in pairwise(sources))
        assert runs == len(set(sources)) > 1
        assert [e["timestamp"] for e in group] != sorted(e["timestamp"] for e in group)
    prices = [
        event["absolute_price" if event["source"] == LIQUIDITY else "price_level"]
        for event in events
    ]
    assert None in prices
    assert any(price == 0 and isinstance(price, int) for price in prices)
    assert all((price or 0) % 0.25 == 0 for price in prices)
    assert any(event["type"] == "" for event in events)
    assert any(event["timestamp"] == "--:--:--" for event in events)
    noons = sum(event["timestamp"].endswith("12:00:00") for event in events)
    assert noons > COUNT / 10
    reals = ("magnitude", "archaeological_significance", "htf_confluence")
    assert all(isinstance(event[field], float) for event in events for field in reals)


def test_files_to_skip_are_what_truth_says(raw):
    """Superseded, metadata-only and truncated files are what they are called."""
    truth = _truth_of(raw["json"])
    skipped = truth[truth["expected_status"] == "skipped"]
    started = -(-COUNT // simulator.SESSIONS_PER_BAD_FILE)
    reasons = skipped["expected_reason"].value_counts()
    assert reasons["not_a_session"] == reasons["invalid_json"] == started
    assert 0.05 < reasons["superseded"] / (truth["dialect"] == "adapted").sum() < 0.15
    good = truth[truth["expected_status"] == "processed"].set_index("session_id")["file_name"]
    for row in skipped.itertuples():
        text = (raw["json"] / row.file_name).read_bytes()
        if row.expected_reason == "invalid_json":
            with pytest.raises(json.JSONDecodeError):
                json.loads(text)
            continue
        body = json.loads(text)
        if row.expected_reason == "not_a_session":
            assert list(body) == ["session_metadata"]
        else:
            winner = json.loads((raw["json"] / good[row.session_id]).read_bytes())
            assert winner["session_metadata"] == body["session_metadata"]
            assert 0 < len(_events_of_json(body)) < len(winner["events"])


def test_words_lead_the_phase_rules_to_their_phase():
    """The texts of an event give the phase that it was drawn from."""
    for word in WORDS:
        text = " ".join(field or "" for field in word[1:5])
        found = (phase for phase in PHASES[:5] if phase in text)
        fallback = "liquidity" if "liquidity" in text or "sweep" in text else "other"
        assert next(found, fallback) == word.phase


def test_the_sample_stays_small(tmp_path):
    """The sample that the repository keeps stays below a megabyte."""
    assert simulate_sessions(tmp_path, 60, SEED).n_bytes < SAMPLE_BYTES_MAX


def test_a_session_lies_in_one_parquet_file(tmp_path, monkeypatch):
    """Files hold so many sessions at most, and no session is split."""
    monkeypatch.setattr(simulator, "SESSIONS_PER_PARQUET", BATCH)
    report = simulate_sessions(tmp_path, 2 * BATCH + 1, SEED, "parquet")
    names = sorted(path.name for path in tmp_path.glob("*.parquet"))
    assert names == [f"sessions_{i:05}.parquet" for i in range(3)]
    truth = _truth_of(tmp_path)
    for name in names:
        found = _with_elapsed(tmp_path, name)
        assert set(found["session_id"]) == set(truth["session_id"][truth["file_name"] == name])
    assert report.n_files == len(names)
    assert report.n_events == duckdb.sql(f"from '{tmp_path}/*.parquet'").count("*").fetchone()[0]


def test_many_sessions_spread_over_symbols(tmp_path):
    """Beyond one symbol's share of sessions, ids stay distinct by their symbol."""
    simulate_sessions(tmp_path, SESSIONS_PER_SYMBOL + 1, SEED, "parquet", dirt=False)
    truth = _truth_of(tmp_path)
    assert truth["session_id"].is_unique
    assert truth["session_id"].iloc[0] == "NQ_MIDNIGHT_2025-01-06"
    assert truth["session_id"].iloc[-1] == "ES_MIDNIGHT_2025-01-06"
    sessions = "select distinct symbol, session_type, session_date"
    spelled = duckdb.sql(f"{sessions} from '{tmp_path}/*.parquet'").fetchall()
    assert len(spelled) == SESSIONS_PER_SYMBOL + 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"count": 0}, "count must be at least 1, not 0"),
        ({"seed": -1}, "seed must not be negative, not -1"),
        ({"file_format": "xml"}, "'json' or 'parquet', not 'xml'"),
    ],
)
def test_a_wrong_argument_is_refused(tmp_path, arguments, message):
    """The message names the argument, and nothing is written."""
    with pytest.raises(ValueError, match=message):
        simulate_sessions(tmp_path / "new", **{"count": 1, "seed": SEED} | arguments)
    assert not (tmp_path / "new").exists()


def test_a_folder_that_holds_something_is_refused(tmp_path):
    """The message names the folder, and what lies there is left alone."""
    (tmp_path / "kept.txt").write_text("mine")
    with pytest.raises(ValueError, match=f"{tmp_path} is not an empty folder"):
        simulate_sessions(tmp_path, 1, SEED)
    with pytest.raises(ValueError, match="is not an empty folder"):
        simulate_sessions(tmp_path / "kept.txt", 1, SEED)
    assert _contents(tmp_path) == {"kept.txt": b"mine"}


def _few_features(events: pd.DataFrame) -> pd.DataFrame:
    """Describe sessions by some of the warehouse's features, computed another way."""
    text = events[list(FIELDS[:4])].fillna("").agg(" ".join, axis=1)
    matches = [text.str.contains(pattern) for pattern in PATTERNS.values()]
    phase = np.select(matches, list(PATTERNS), "other")
    per_session = events.groupby("session_id")
    rates = pd.crosstab(events["session_id"], phase, normalize="index").drop(columns="other")
    price = per_session["price_level"]
    steps = events.assign(step=price.diff().abs()).groupby("session_id")["step"]
    span = price.max() - price.min()
    return rates.assign(
        htf=per_session["htf_confluence"].mean(),
        volatility=np.log1p(1e4 * steps.mean() / price.median()),
        efficiency=span / steps.sum(),
        revisits=1 - price.nunique() / price.count(),
        magnitude_cv=per_session["magnitude"].std() / per_session["magnitude"].mean(),
        significance=per_session["archaeological_significance"].mean(),
    )


@pytest.mark.parametrize(("seen", "least"), [(1.0, 0.6), (0.3, 0.35)])
def test_planted_archetypes_can_be_found_again(raw, seen, least):
    """Early in a session too, if less clearly; and never without noise."""
    truth = _truth_of(raw["parquet"]).set_index("session_id")
    events = _with_elapsed(raw["parquet"]).drop_duplicates()
    events = events[events["elapsed"].between(0, seen * events["duration_s"])]
    events = events[events["session_id"].map(truth["dialect"]) == "adapted"]
    events["price_level"] = events["price_level"].where(events["price_level"] > 0)
    features = _few_features(events.sort_values(["session_id", "elapsed", "type", "price_level"]))
    features = features.replace([np.inf, -np.inf], np.nan).fillna(features.median())
    scaled = ((features - features.mean()) / features.std()).clip(-3, 3)
    found = KMeans(len(ARCHETYPES), n_init=10, random_state=SEED).fit_predict(scaled)
    score = adjusted_rand_score(truth.loc[features.index, "archetype"], found)
    assert least < score < 0.99
