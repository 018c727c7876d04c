"""Artifacts: the same bytes, whole or not at all, refused when a byte differs, never unpickled."""

import hashlib
import json
import os
import pickle
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from session_artifact_helpers import no_unpickling, run, unpickle

from archetype.sessions.artifact_export import export_versions
from archetype.sessions.artifact_files import (
    SUMMED,
    SUMS,
    TrainingMismatchError,
    make_artifacts,
    spell_sums,
)
from archetype.sessions.artifacts import (
    ArtifactConflictError,
    ArtifactCorruptError,
    ArtifactDimensionError,
    ArtifactError,
    ArtifactMissingError,
    find_artifacts,
    load_artifacts,
    score_with,
    write_artifacts,
)
from archetype.sessions.features import FEATURE_NAMES
from archetype.sessions.fit import fit_session_archetypes
from archetype.sessions.match import match_sessions
from archetype.sessions.space import FitParameters, as_compared, project, read_vectors

__all__ = ("no_unpickling",)  # a fixture of all tests here

FILES = (*SUMMED, SUMS)
QUICK = {"n_bootstraps": 0, "n_references": 0, "trial_k": (), "trial_components": (), "k": 4}


def make_training(n_rows=60, seed=1):
    """Draw sessions around four centres, some components imputed."""
    generator = np.random.default_rng(seed)
    centres = generator.normal(scale=1.5, size=(4, 30))
    vectors = centres[np.arange(n_rows) % 4] + generator.normal(size=(n_rows, 30))
    is_imputed = generator.random((n_rows, 30)) < 0.04
    return pa.table(
        {
            "session_id": [f"S_{(row * 7919) % 10007:05d}" for row in range(n_rows)],
            "session_type": ["asia", "ny_am", "london"] * (n_rows // 3),
            "session_on": pa.array([20_000] * n_rows, pa.date32()),
            "as_of_at": [datetime(2025, 8, 8, 3, 59)] * n_rows,
            "feature_schema": ["f1"] * n_rows,
            "feature_vector": np.where(is_imputed, 0.0, vectors).tolist(),
            "is_imputed": is_imputed.tolist(),
            "relative_range": pa.array(generator.random(n_rows)),
            "vector_md5": pa.nulls(n_rows, pa.string()),
        }
    )


def fit(training, champion=None, **choices):
    """Fit a model; give its row, its archetypes, and its training rows as the log keeps them."""
    parameters = FitParameters(**(QUICK | choices))
    model = fit_session_archetypes(training, champion, parameters, reason="test")
    (row,) = model.to_pylist()
    version = {"model_version": row["model_version"]}
    return (
        model,
        pa.Table.from_pylist([each | version for each in row["archetypes"]]),
        pa.Table.from_pylist([each | version for each in row["training"]]),
    )


@pytest.fixture(scope="module")
def training():
    """Give 60 sessions."""
    return make_training()


@pytest.fixture(scope="module")
def fitted(training):
    """Fit them once."""
    return fit(training)


@pytest.fixture(scope="module")
def files(fitted):
    """Make their artifacts once."""
    return make_artifacts(*fitted)


@pytest.fixture
def folder(tmp_path, files):
    """Give artifacts that stand in a home."""
    return write_artifacts(tmp_path / "home", 1, files)


@pytest.fixture
def home(folder, monkeypatch):
    """Give their home, as the command line finds it."""
    monkeypatch.setenv("ARCHETYPE_HOME", str(folder.parents[2]))
    return folder.parents[2]


def resummed(folder, **contents):
    """Change files and make the sums fit, as whoever forges a folder would."""
    for name, content in contents.items():
        (folder / name.replace("__", ".")).write_bytes(content)
    (folder / SUMS).write_bytes(spell_sums({name: (folder / name).read_bytes() for name in SUMMED}))


def edited(folder, name, edit):
    """Edit one JSON file, and make the sums fit."""
    value = json.loads((folder / name).read_bytes())
    edit(value)
    (folder / name).write_text(json.dumps(value))
    resummed(folder)


@pytest.mark.parametrize(
    "choices",
    [{}, {"distance": "cosine"}, {"n_components": 0, "scaler": "standard"}, {"k": 1}],
)
def test_artifacts_score_as_the_tables_do_bit_for_bit(tmp_path, training, choices):
    model, archetypes, logged = fit(training, **choices)
    folder = write_artifacts(tmp_path, 1, make_artifacts(model, archetypes, logged))
    artifacts = load_artifacts(folder)
    matched = match_sessions(training, model, archetypes)
    table = training.sort_by("session_id")
    labels, distances = score_with(artifacts, *read_vectors(table))
    assert labels.tolist() == matched["archetype_id"].to_pylist()
    assert distances.min(axis=1).tolist() == matched["distance"].to_pylist()
    for name in ("session_id", "archetype_id", "distance"):
        assert artifacts.fingerprints[name].to_pylist() == matched[name].to_pylist()


@pytest.mark.parametrize(
    "choices", [{}, {"distance": "cosine"}, {"n_components": 0, "scaler": "standard"}]
)
def test_the_pickles_predict_what_the_tables_say(tmp_path, training, choices):
    """The steps are those that `scoring` in metadata.json describes."""
    model, archetypes, logged = fit(training, **choices)
    folder = write_artifacts(tmp_path, 1, make_artifacts(model, archetypes, logged))
    artifacts, space = load_artifacts(folder), load_artifacts(folder).space
    scaler = unpickle((folder / "scaler.pkl").read_bytes())
    kmeans = unpickle((folder / "kmeans_model.pkl").read_bytes())
    vectors, is_imputed = read_vectors(training.sort_by("session_id"))
    scaled = scaler.transform(np.where(is_imputed, space.centre, vectors))
    scaled = np.clip(scaled, -artifacts.metadata["space"]["clip"], space.clip)
    points = as_compared(project(space, scaled), space.distance)
    expected = artifacts.fingerprints["archetype_id"].to_numpy()
    assert (artifacts.archetype_ids[kmeans.predict(points)] == expected).all()
    assert (artifacts.archetype_ids[kmeans.labels_] == expected).all()
    assert (kmeans.cluster_centers_ == artifacts.centroids).all()
    assert kmeans.inertia_ == pytest.approx(model["inertia"][0].as_py())
    assert np.allclose(scaler.inverse_transform(scaled * 0), space.centre)


def test_metadata_says_what_scoring_needs(files, fitted):
    metadata = json.loads(files["metadata.json"])
    assert metadata["feature_names"] == list(FEATURE_NAMES)
    assert metadata["dimension"] == 30
    assert metadata["feature_schema"] == "f1"
    assert metadata["model_version"] == fitted[0]["model_version"][0].as_py()
    assert metadata["created_at"] == "2025-08-08T03:59:00Z"
    assert metadata["parameters"]["k"] == 4
    assert set(metadata["libraries"]) == {"archetype", "numpy", "pyarrow", "python", "scikit-learn"}
    stats = json.loads(files["cluster_stats.json"])["archetypes"]
    assert [each["archetype_id"] for each in stats] == metadata["archetype_ids"]
    assert sum(each["size"] for each in stats) == metadata["n_sessions"] == 60
    assert all(
        sum(each["session_type_probabilities"].values()) == pytest.approx(1) for each in stats
    )
    assert len(metadata["space"]["components"]) == 4


def test_imputed_components_are_null_in_the_fingerprints(files, training):
    table = pq.read_table(pa.BufferReader(files["session_fingerprints.parquet"]))
    is_null = np.column_stack([table[name].is_null().to_numpy() for name in FEATURE_NAMES])
    assert (is_null == np.array(training.sort_by("session_id")["is_imputed"].to_pylist())).all()


def test_bytes_do_not_depend_on_the_order_of_rows_or_on_the_process(tmp_path, fitted, files):
    model, archetypes, logged = fitted
    backwards = (
        table.take(pa.array(range(table.num_rows)[::-1])) for table in (archetypes, logged)
    )
    assert make_artifacts(model, *backwards) == files
    for name, table in zip(("model", "archetypes", "logged"), fitted, strict=True):
        pq.write_table(table, tmp_path / name)
    code = (
        "import sys, pyarrow.parquet as pq\n"
        "from archetype.sessions.artifact_files import make_artifacts\n"
        "tables = [pq.read_table(path) for path in sys.argv[1:]]\n"
        "print(make_artifacts(*tables)['SHA256SUMS'].decode(), end='')\n"
    )
    command = [sys.executable, "-c", code]
    command += [str(tmp_path / name) for name in ("model", "archetypes", "logged")]
    other = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONHASHSEED": "7"},
    )
    assert other.stdout.encode() == files[SUMS]


def test_a_mask_says_the_same_as_nulls(fitted, training, files):
    assert make_artifacts(*fitted[:2], training) == files


def test_other_fingerprints_than_those_fitted_on_are_refused(fitted, training):
    model, archetypes, logged = fitted
    for wrong in (logged.slice(1), make_training(seed=2)):
        with pytest.raises(TrainingMismatchError, match="fitted on"):
            make_artifacts(model, archetypes, wrong)
    short = [each[:3] for each in archetypes["centroid"].to_pylist()]
    misfits = archetypes.set_column(archetypes.column_names.index("centroid"), "centroid", [short])
    with pytest.raises(ValueError, match="centroids have dimension 4 x 3, expected 4 x 4"):
        make_artifacts(model, misfits, logged)


def test_sha256sum_agrees(folder):
    command = ["sha256sum", "--strict", "-c", SUMS]
    assert subprocess.run(command, cwd=folder, capture_output=True, check=False).returncode == 0


def test_a_version_that_stands_is_left_alone(folder, files):
    before = {path: path.stat().st_ino for path in folder.iterdir()}
    newer = files | {"scaler.pkl": b"by a newer library"}
    newer |= {SUMS: spell_sums(newer)}
    assert write_artifacts(folder.parents[2], 1, newer) == folder
    assert {path: path.stat().st_ino for path in folder.iterdir()} == before
    write_artifacts(folder.parents[2], 1, newer, force=True)
    assert (folder / "scaler.pkl").read_bytes() == b"by a newer library"
    assert [path.name for path in folder.parent.iterdir()] == ["v1.0.0"]


def test_a_version_that_does_not_verify_is_refused_unless_forced(folder, files):
    (folder / "scaler.pkl").write_bytes(b"")
    with pytest.raises(ArtifactCorruptError, match="export --force"):
        write_artifacts(folder.parents[2], 1, files)
    write_artifacts(folder.parents[2], 1, files, force=True)
    assert load_artifacts(folder)


def test_another_model_of_the_same_number_is_not_taken_for_this_one(folder):
    others = make_artifacts(*fit(make_training(seed=3)))
    with pytest.raises(ArtifactConflictError, match="it holds model"):
        write_artifacts(folder.parents[2], 1, others)
    write_artifacts(folder.parents[2], 1, others, force=True)
    assert load_artifacts(folder)


def test_a_write_that_fails_leaves_no_version(tmp_path, files, monkeypatch):
    calls = []

    def fail_third(handle):
        calls.append(handle)
        if len(calls) == 3:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail_third)
    with pytest.raises(OSError, match="No space"):
        write_artifacts(tmp_path, 1, files)
    with pytest.raises(ArtifactMissingError, match="no artifacts"):
        find_artifacts(tmp_path)
    monkeypatch.undo()
    folder = write_artifacts(tmp_path, 1, files)
    assert [path.name for path in folder.parent.iterdir()] == ["v1.0.0"]


@pytest.mark.parametrize("level", ["artifacts", "artifacts/session_fingerprints"])
def test_a_link_that_leads_out_of_the_home_is_refused(tmp_path, files, level):
    (tmp_path / "outside").mkdir()
    link = tmp_path / "home" / level
    link.parent.mkdir(parents=True)
    link.symlink_to(tmp_path / "outside")
    with pytest.raises(ValueError, match="symbolic link"):
        write_artifacts(tmp_path / "home", 1, files)
    assert list((tmp_path / "outside").iterdir()) == []


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("share", [0, 0.13, 0.5, 0.87, 1])
@pytest.mark.parametrize("bit", [1, 32])
def test_a_flipped_byte_is_refused(folder, name, share, bit):
    content = bytearray((folder / name).read_bytes())
    content[round(share * (len(content) - 1))] ^= bit
    (folder / name).write_bytes(content)
    with pytest.raises(ArtifactCorruptError, match=r"expected .*; write it again") as error:
        load_artifacts(folder)
    assert str(folder) in str(error.value)
    assert "\n" not in str(error.value)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(data=st.data())
def test_no_change_of_bytes_goes_unseen(tmp_path_factory, files, data):
    folder = tmp_path_factory.mktemp("changed") / "v1.0.0"
    folder.mkdir()
    name = data.draw(st.sampled_from(FILES))
    content = files[name]
    start = data.draw(st.integers(0, len(content)))
    cut = data.draw(st.integers(0, 3))
    changed = content[:start] + data.draw(st.binary(max_size=3)) + content[start + cut :]
    for each, kept in (files | {name: changed}).items():
        (folder / each).write_bytes(kept)
    if changed == content:
        assert load_artifacts(folder)
    else:
        with pytest.raises(ArtifactCorruptError):
            load_artifacts(folder)


def test_what_is_missing_is_named(folder, tmp_path):
    with pytest.raises(ArtifactMissingError, match=f"{tmp_path}/none: .*expected a folder"):
        load_artifacts(tmp_path / "none")
    with pytest.raises(ArtifactMissingError, match="no folder"):
        load_artifacts(folder / SUMS)
    for name in FILES:
        copy = shutil.copytree(folder, tmp_path / name)
        (copy / name).unlink()
        kind = ArtifactCorruptError if name == SUMS else ArtifactMissingError
        with pytest.raises(kind, match=f"{copy}/{name}: there is no such file; expected"):
            load_artifacts(copy)


@pytest.mark.parametrize(
    "sums",
    [
        b"",
        b"\n",
        b"\xff\xfe",
        b"no sums at all\n",
        *((f"{'0' * 64}  {name}\n" * 5).encode() for name in SUMMED[:2]),
    ],
)
def test_malformed_sums_are_refused(folder, sums):
    (folder / SUMS).write_bytes(sums)
    with pytest.raises(ArtifactCorruptError, match="malformed"):
        load_artifacts(folder)


def test_sums_in_another_spelling_are_refused(folder):
    text = (folder / SUMS).read_text()
    for other in (text.upper(), text.replace("  ", " *"), text.rstrip(), text + text):
        (folder / SUMS).write_text(other)
        with pytest.raises(ArtifactCorruptError, match="malformed"):
            load_artifacts(folder)


def test_what_the_sums_do_not_list_is_refused(folder):
    (folder / "extra.txt").touch()
    with pytest.raises(ArtifactCorruptError, match=r"extra.txt: SHA256SUMS does not list it"):
        load_artifacts(folder)


def test_what_is_no_regular_file_is_refused(folder):
    (folder / "scaler.pkl").unlink()
    os.mkfifo(folder / "scaler.pkl")
    with pytest.raises(ArtifactCorruptError, match="no regular file"):
        load_artifacts(folder)


def drop_a_feature(metadata):
    """Leave 29 features."""
    metadata["dimension"] = 29
    metadata["feature_names"].pop()


def swap_features(metadata):
    """Change the order of the features."""
    names = metadata["feature_names"]
    names[0], names[1] = names[1], names[0]


@pytest.mark.parametrize(
    ("name", "edit", "found"),
    [
        ("metadata.json", drop_a_feature, "dimension is 29; expected 30"),
        ("metadata.json", swap_features, "feature_names are others"),
        ("metadata.json", lambda value: value["space"]["centre"].pop(), "29; expected 30"),
        ("metadata.json", lambda value: value["space"]["scale"].append(1.0), "31; expected 30"),
        ("metadata.json", lambda value: value["space"]["components"].pop(), "4 x 4; expected 4"),
        (
            "cluster_stats.json",
            lambda value: [each["centroid"].pop() for each in value["archetypes"]],
            "4 x 3; expected 4 x 4",
        ),
        ("cluster_stats.json", lambda value: value["archetypes"].clear(), "0 x 30; expected 1"),
    ],
)
def test_wrong_dimensions_are_refused(folder, name, edit, found):
    edited(folder, name, edit)
    with pytest.raises(ArtifactDimensionError, match=found) as error:
        load_artifacts(folder)
    assert str(folder) in str(error.value)
    assert "archetype artifacts export --force" in str(error.value)


@pytest.mark.parametrize(
    ("name", "edit"),
    [
        ("metadata.json", lambda value: value.clear()),
        ("metadata.json", lambda value: value.update(format="other")),
        ("metadata.json", lambda value: value.update(n_sessions=61)),
        ("metadata.json", lambda value: value.update(archetype_ids=[1, 2, 3, 9])),
        ("metadata.json", lambda value: value["space"].update(clip=0)),
        ("metadata.json", lambda value: value["space"].update(distance="manhattan")),
        ("metadata.json", lambda value: value["space"]["scale"].__setitem__(3, 0.0)),
        ("metadata.json", lambda value: value["space"]["centre"].__setitem__(3, "x")),
        ("cluster_stats.json", lambda value: value["archetypes"][0].pop("centroid")),
        ("cluster_stats.json", lambda value: value["archetypes"][0]["centroid"].pop()),
        ("cluster_stats.json", lambda value: value["archetypes"].reverse()),
        (
            "cluster_stats.json",
            lambda value: value["archetypes"][0]["centroid"].__setitem__(0, float("nan")),
        ),
        ("cluster_stats.json", lambda value: value["archetypes"][0].update(archetype_id=10**30)),
    ],
)
def test_sums_that_fit_do_not_excuse_what_is_in_the_files(folder, name, edit):
    edited(folder, name, edit)
    with pytest.raises(ArtifactCorruptError) as error:
        load_artifacts(folder)
    assert "\n" not in str(error.value)


def test_unreadable_contents_are_refused(folder):
    for contents in (
        {"metadata__json": b"{"},
        {"metadata__json": b"\xff"},
        {"metadata__json": b"[" * 100_000},
        {"cluster_stats__json": b"[]"},
        {"session_fingerprints__parquet": b"PAR1 no"},
    ):
        before = {name: (folder / name).read_bytes() for name in FILES}
        resummed(folder, **contents)
        with pytest.raises(ArtifactCorruptError):
            load_artifacts(folder)
        for name, content in before.items():
            (folder / name).write_bytes(content)


class Bomb:
    """What a pickle can do to whoever opens it."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        """Make a file when opened."""
        return os.mkdir, (str(self.path),)


def test_a_forged_pickle_is_never_opened(folder, home, tmp_path):
    bomb = pickle.dumps(Bomb(tmp_path / "boom"))
    resummed(folder, kmeans_model__pkl=bomb, scaler__pkl=bomb)
    assert load_artifacts(folder)
    assert run("verify")[0] == 0
    for name in ("kmeans.pkl", "kmeans.joblib", "kmeans.json"):
        (tmp_path / name).write_bytes(bomb)
        assert run("import", tmp_path / name)[0] == 1
    assert not (tmp_path / "boom").exists()


def test_verify_says_one_line_a_folder(folder, home, files):
    imported = write_artifacts(home, 2, files)
    code, lines, errors = run("verify")
    assert (code, errors) == (0, [])
    version = json.loads(files["metadata.json"])["model_version"]
    assert lines == [
        f"ok: {each}: model {version}, 4 archetypes, fitted on 60 sessions"
        for each in (folder, imported)
    ]
    for each in (folder, imported):
        with (each / "metadata.json").open("ab") as file:
            file.write(b" ")
    (imported / "scaler.pkl").unlink()
    code, lines, errors = run("verify")
    assert (code, lines) == (1, [])
    assert [error.split("; ")[0] for error in errors] == [
        f"error: {folder}/metadata.json: its SHA-256 is "
        + hashlib.sha256((folder / "metadata.json").read_bytes()).hexdigest()[:12]
        + "...",
        f"error: {imported}/scaler.pkl: there is no such file",
    ]
    assert run("verify", imported)[0] == 1


def test_a_home_without_artifacts_fails_with_one_line(tmp_path, monkeypatch):
    monkeypatch.setenv("ARCHETYPE_HOME", str(tmp_path))
    for arguments in (["verify"], ["verify", tmp_path / "x"], ["export"]):
        code, lines, errors = run(*arguments)
        assert (code, lines, len(errors)) == (1, [], 1)
        assert "expected" in errors[0]


def test_every_version_is_exported_once(tmp_path, fitted):
    refitted = fit(make_training(75), fitted[0], k=5)
    models, archetypes, logged = (
        pa.concat_tables([second, first], promote_options="default")
        for first, second in zip(fitted, refitted, strict=True)
    )
    exports = export_versions(tmp_path, models, archetypes, logged)
    assert exports["version_number"].to_pylist() == [1, 2]
    assert exports["n_sessions"].to_pylist() == [60, 75]
    folders = [tmp_path / path for path in exports["artifact_path"].to_pylist()]
    assert folders == find_artifacts(tmp_path)
    before = [folder.stat().st_ino for folder in folders]
    assert export_versions(tmp_path, models, archetypes, logged).equals(exports)
    assert [folder.stat().st_ino for folder in folders] == before
    (folders[0] / "scaler.pkl").write_bytes(b"")
    with pytest.raises(ArtifactError, match="v1"):
        export_versions(tmp_path, models, archetypes, logged)


def test_a_built_warehouse_is_exported(sample_copy, monkeypatch):
    monkeypatch.setenv("ARCHETYPE_HOME", str(sample_copy.home))
    shutil.rmtree(sample_copy.home / "artifacts", ignore_errors=True)
    code, lines, errors = run("export")
    assert (code, errors) == (0, [])
    assert run("verify")[:2] == (0, lines)
    (folder,) = find_artifacts(sample_copy.home)
    artifacts = load_artifacts(folder)
    names = ", ".join(f"'{name}'" for name in FEATURE_NAMES)
    rows = sample_copy.query(
        "select archetype_id, distance, cast(feature_vector as double[]),"
        f" list_transform([{names}], lambda name: list_contains(imputed_features, name))"
        " from session_assignments inner join session_fingerprints using (session_id)"
        " where checkpoint_pct = 100 order by session_id"
    )
    ids, nearest, vectors, is_imputed = (np.array(column) for column in zip(*rows, strict=True))
    labels, distances = score_with(artifacts, vectors, is_imputed)
    assert (labels == ids).all()
    assert (distances.min(axis=1) == nearest).all()

    # Fingerprints that changed since the fit: the log of models still has those fitted on.
    sums = (folder / SUMS).read_bytes()
    with duckdb.connect(str(sample_copy.published)) as file:
        file.execute("update session_fingerprints set imputed_features = []")
    assert run("export", "--force")[0] == 0
    assert (folder / SUMS).read_bytes() == sums
    (sample_copy.home / "archetype.duckdb").unlink()
    code, _, errors = run("export", "--force")
    assert (code, len(errors)) == (1, 1)
    assert "archetype.duckdb: there is no such file" in errors[0]
    assert (folder / SUMS).read_bytes() == sums
    code, _, errors = run("export", "--version", 9)
    assert (code, len(errors)) == (1, 1)
    assert "no model version 9; expected one of: 1" in errors[0]


def test_writers_at_the_same_time_leave_one_whole_version(tmp_path, files):
    with ThreadPoolExecutor(4) as pool:
        folders = set(
            pool.map(
                lambda force: write_artifacts(tmp_path, 1, files, force=force), [False, True] * 4
            )
        )
    (folder,) = folders
    assert load_artifacts(folder)
    assert [path.name for path in folder.parent.iterdir()] == ["v1.0.0"]
