"""Libraries of other programs: read from JSON, never from a pickle."""

import json
import pickle

import joblib
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from session_artifact_helpers import no_unpickling, run, unpickle
from typer.testing import CliRunner

from archetype.cli import app
from archetype.sessions.artifact_import import HOW_TO_SPELL
from archetype.sessions.artifacts import find_artifacts, load_artifacts, score_with
from archetype.sessions.features import FEATURE_NAMES

__all__ = ("no_unpickling",)  # a fixture of all tests here


def library(k=3, seed=1, **further):
    """Give the JSON of a foreign library."""
    generator = np.random.default_rng(seed)
    return {
        "centroids": generator.normal(size=(k, 30)).tolist(),
        "scaler": {
            "mean": generator.normal(size=30).tolist(),
            "scale": generator.uniform(0.5, 2, size=30).tolist(),
        },
    } | further


@pytest.fixture
def import_library(tmp_path, monkeypatch):
    """Give a function that imports a library and says what came of it."""
    monkeypatch.setenv("ARCHETYPE_HOME", str(tmp_path / "home"))

    def bring(content, *arguments, name="foreign.json"):
        text = content if isinstance(content, bytes) else json.dumps(content).encode()
        (tmp_path / name).write_bytes(text)
        return run("import", tmp_path / name, *arguments)

    return bring


def imported_folder(tmp_path, name="foreign"):
    """Say where an imported library stands."""
    return tmp_path / "home/artifacts/session_fingerprints/imported" / name


@pytest.mark.parametrize("distance", ["euclidean", "cosine"])
def test_an_imported_library_scores_as_its_numbers_say(tmp_path, import_library, distance):
    given_library = library(names=["a", "b", "c"], distance=distance)
    code, lines, errors = import_library(given_library)
    assert (code, errors, len(lines)) == (0, [], 1)
    artifacts = load_artifacts(imported_folder(tmp_path))
    vectors = np.random.default_rng(2).normal(size=(20, 30))
    labels, distances = score_with(artifacts, vectors, np.zeros(vectors.shape, dtype=bool))
    scaler, centroids = given_library["scaler"], np.array(given_library["centroids"])
    scaled = (vectors - scaler["mean"]) / np.array(scaler["scale"])
    if distance == "cosine":
        scaled /= np.linalg.norm(scaled, axis=1)[:, None]
        centroids /= np.linalg.norm(centroids, axis=1)[:, None]
    expected = np.linalg.norm(scaled[:, None] - centroids[None], axis=2)
    assert np.allclose(distances, expected, atol=1e-12)
    assert (labels == expected.argmin(axis=1) + 1).all()
    assert [each["archetype_label"] for each in artifacts.statistics] == ["a", "b", "c"]
    assert artifacts.fingerprints.num_rows == 0
    assert run("verify")[:2] == (0, lines)


def test_an_imported_library_has_pickles_of_our_own(tmp_path, import_library):
    given_library = library()
    import_library(given_library)
    folder = imported_folder(tmp_path)
    scaler = unpickle((folder / "scaler.pkl").read_bytes())
    kmeans = unpickle((folder / "kmeans_model.pkl").read_bytes())
    vectors = np.array(given_library["centroids"]) * scaler.scale_ + scaler.mean_
    assert kmeans.predict(scaler.transform(vectors)).tolist() == [0, 1, 2]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
@given(order=st.permutations(range(30)), seed=st.integers(0, 1000), k=st.integers(1, 9))
def test_features_in_any_order_give_the_same_library(tmp_path_factory, order, seed, k):
    plain = library(k, seed)
    shuffled = {
        "centroids": [[row[place] for place in order] for row in plain["centroids"]],
        "scaler": {
            name: [numbers[place] for place in order] for name, numbers in plain["scaler"].items()
        },
        "feature_names": [FEATURE_NAMES[place] for place in order],
    }
    root = tmp_path_factory.mktemp("order")
    for name, content in (("plain", plain), ("shuffled", shuffled)):
        (root / f"{name}.json").write_text(json.dumps(content))
        arguments = ["artifacts", "import", str(root / f"{name}.json"), "--as", "x"]
        home = {"ARCHETYPE_HOME": str(root / name)}
        assert CliRunner().invoke(app, arguments, env=home).exit_code == 0
    first, second = (
        load_artifacts(root / name / "artifacts/session_fingerprints/imported/x")
        for name in ("plain", "shuffled")
    )
    assert first.centroids.tolist() == second.centroids.tolist() == plain["centroids"]
    assert first.space.centre.tolist() == second.space.centre.tolist() == plain["scaler"]["mean"]
    assert first.metadata == second.metadata


BAD_LIBRARIES = {
    "no centroids": ({"scaler": library()["scaler"]}, "centroids is missing"),
    "no scaler": ({"centroids": library()["centroids"]}, "scaler is missing"),
    "no scale": (library(scaler={"mean": [0] * 30}), "scaler.scale is missing"),
    "no centroid": (library(centroids=[]), r"centroids is \[\]; expected a list of 1"),
    "29 numbers": (library(centroids=[[0.0] * 29]), r"centroids\[0\] is .* a list of 30 numbers"),
    "a text": (library(centroids=[["1"] * 30]), r"centroids\[0\]\[0\] is '1'; expected a number"),
    "a boolean": (library(centroids=[[True] * 30]), r"centroids\[0\]\[0\] is True"),
    "a huge number": (library(centroids=[[10**400] * 30]), r"centroids\[0\]\[0\] is 1000"),
    "scale of 0": (library(scaler={"mean": [0] * 30, "scale": [0] * 30}), r"scaler.scale\[0\] is"),
    "negative scale": (
        library(scaler={"mean": [0] * 30, "scale": [1] * 29 + [-1]}),
        r"scaler.scale\[29\] is -1; expected",
    ),
    "unknown key": (library(labels=[1]), "labels is unknown; expected one of centroids, scaler"),
    "unknown feature": (
        library(feature_names=[*FEATURE_NAMES[:-1], "rsi"]),
        "'rsi', which is unknown; expected the 30 .* significance_mean is not there",
    ),
    "feature twice": (library(feature_names=[FEATURE_NAMES[0]] * 30), "feature_names is"),
    "names too few": (library(names=["a"]), "names has 1 entries; expected 3"),
    "names alike": (library(names=["a", "a", "b"]), "names is .* expected a list of different"),
    "an odd name": (library(names=["a", "b", "c\n"]), "expected names that can be printed"),
    "unknown distance": (library(distance="manhattan"), "distance is 'manhattan'; expected eucl"),
    "no direction": (
        library(centroids=[[0.0] * 30], distance="cosine"),
        r"centroids\[0\] has no length",
    ),
    "no object": ([1, 2], "expected an object with centroids"),
    "not a number": (b'{"centroids": [[NaN]]}', "it holds NaN; expected finite"),
    "overflow": (b'{"centroids": [[1e999]]}', "expected"),
    "twice": (b'{"scaler": 1, "scaler": 2}', "'scaler' stands twice"),
    "no JSON": (b"{", "it is no JSON"),
    "empty": (b"", "it is no JSON"),
    "deep": (b"[" * 100_000, "nested too deeply"),
    "no text": (b"\xff\xfe\x00", "no text in UTF-8"),
}


@pytest.mark.parametrize("case", BAD_LIBRARIES)
def test_a_bad_library_is_refused_in_one_line(tmp_path, import_library, case):
    content, found = BAD_LIBRARIES[case]
    code, lines, errors = import_library(content)
    assert (code, lines, len(errors)) == (1, [], 1)
    assert errors[0].startswith(f"error: {tmp_path}/foreign.json: ")
    assert len(errors[0]) < 600
    with pytest.raises(ValueError, match=found):
        raise ValueError(errors[0])
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_a_pickle_is_refused_and_told_how_to_become_json(tmp_path, import_library, protocol):
    content = pickle.dumps(library(), protocol=protocol)
    for name in ("foreign.json", "foreign.PKL", "foreign.joblib"):
        code, _, errors = import_library(content, name=name)
        assert code == 1
        assert len(errors) == 1
        assert HOW_TO_SPELL in errors[0]
    joblib.dump(library(), tmp_path / "compressed", compress=3)
    assert HOW_TO_SPELL in run("import", tmp_path / "compressed")[2][0]


@pytest.mark.parametrize("name", ["", "..", "../x", "a/b", "/x", ".hidden", "x" * 201, "a\0b"])
def test_a_library_cannot_be_called_out_of_its_folder(tmp_path, import_library, name):
    code, _, errors = import_library(library(), "--as", name)
    assert (code, len(errors)) == (1, 1)
    assert "the name of the library" in errors[0]
    assert not (tmp_path / "home").exists()


def test_another_library_takes_a_name_only_by_force(tmp_path, import_library):
    first = import_library(library())
    assert import_library(library()) == first
    code, _, errors = import_library(library(seed=2))
    assert code == 1
    assert "it holds model 'imported-" in errors[0]
    assert "archetype artifacts import FILE.json --force" in errors[0]
    assert import_library(library(seed=2), "--force")[0] == 0
    assert import_library(library(seed=2), "--as", "other")[0] == 0
    assert [path.name for path in find_artifacts(tmp_path / "home")] == ["foreign", "other"]
