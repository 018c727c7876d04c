"""What raw files, names, variables and artifacts cannot do, however hostile they are."""

from __future__ import annotations

import ast
import contextlib
import json
import os
import pickle
import random
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from conftest import ROOT, SAMPLE, WITHOUT_UNIT_TESTS, Warehouse, built_once
from hostile_texts import ALLOWED, FRAGMENTS, NAMES, REFUSED, TEMPLATES, TEXTS
from hypothesis import given, seed, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from archetype.cli import app
from archetype.files import list_files, literal_glob
from archetype.publish import publish_tables
from archetype.sessions.live import LiveScorer
from archetype.sessions.live_sql import CACHE_FOLDER

SECRET = "what-nobody-may-read"
ODD_HOME = 'it\'s {{ a }} "home" [ü] *; -- %s'


def rendered(text: str, secret: object = "no/such/file", evil: object = "no/such/folder/evil"):
    """Put paths into a text."""
    return text.replace("{secret}", str(secret)).replace("{evil}", str(evil))


def session(symbol: str) -> dict:
    """Give a session of the sample as one of another symbol."""
    document = json.loads((SAMPLE / "asia_2025_01_06_0000007.json").read_text())
    document["session_metadata"]["symbol"] = symbol
    return document


# -- Files and names.


def test_a_glob_finds_each_file_as_itself(tmp_path):
    for name in NAMES:
        (tmp_path / f"{name}.json").write_text(json.dumps(name))
    rows = list_files(f"{literal_glob(tmp_path)}/*.json", "ARCHETYPE_SESSIONS").to_pylist()
    assert {row["file_name"] for row in rows} == {f"{name}.json" for name in NAMES}
    for row in rows:
        path = literal_glob(Path(row["file_path"]))
        found = duckdb.execute("select content from read_blob(?)", [[path]]).fetchall()
        assert [json.loads(content) for (content,) in found] == [row["file_name"][:-5]]


def reasons(pattern: object) -> dict[str, str | None]:
    """Give what keeps each file that a glob matches from being read."""
    rows = list_files(str(pattern), "ARCHETYPE_SESSIONS").to_pylist()
    return {row["file_name"]: row["detail"] for row in rows}


def test_what_a_glob_finds_lies_in_its_folder(tmp_path):
    outside, raw = tmp_path / "outside", tmp_path / "raw"
    for folder in (outside, raw, raw / "2025"):
        folder.mkdir()
    for path in (outside / "a.json", raw / "2025" / "b.json", tmp_path / "raw2.json"):
        path.write_text(SECRET)
    (raw / "within.json").symlink_to(raw / "2025" / "b.json")
    (raw / "without.json").symlink_to(outside / "a.json")
    (raw / "sibling.json").symlink_to(tmp_path / "raw2.json")
    (raw / "passwd.json").symlink_to("/etc/passwd")
    (raw / "loop.json").symlink_to(raw / "loop.json")
    (raw / "endless.json").symlink_to("/dev/zero")
    (raw / "folder").symlink_to(outside)
    out = "it is a link out of its folder"
    assert reasons(raw / "**" / "*.json") == {
        "2025/b.json": None,
        "within.json": None,
        "without.json": out,
        "sibling.json": out,
        "passwd.json": out,
        "loop.json": "Too many levels of symbolic links",
        "endless.json": out,
        "folder/a.json": out,
    }
    assert reasons(raw / "*" / ".." / ".." / "outside" / "*.json") == {"../outside/a.json": out}
    # Who names a folder or a file by what leads there means it.
    assert reasons(raw / "folder" / "*.json") == {"a.json": None}
    assert reasons(raw / "without.json") == {"without.json": None}
    assert reasons(raw / "endless.json") == {"endless.json": "it is no regular file"}


def test_a_path_that_duckdb_would_read_as_another_is_not_read(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "z.json").write_text(SECRET)
    (tmp_path / "a\\*.json").write_text("1")
    assert reasons(f"{tmp_path}/*.json") == {"a\\*.json": "its path holds \\ beside *, ? or ["}


@pytest.mark.parametrize("folder", ["~", "~root", "file:", "s3:", "http:"])
def test_a_relative_path_is_no_home_folder_and_no_address(tmp_path, monkeypatch, folder):
    monkeypatch.chdir(tmp_path)
    below = Path(folder) / "tmp"
    below.mkdir(parents=True)
    (below / "own.json").write_text("own")
    (row,) = list_files("*/*/*.json", "ARCHETYPE_SESSIONS").to_pylist()
    assert row["file_name"] == f"{folder}/tmp/own.json"
    found = duckdb.execute("select content from read_text(?)", [[row["file_path"]]]).fetchall()
    assert found == [("own",)]


@pytest.mark.parametrize(
    "name", ["raw_file_path", "RAW_FILE_PATH", "file_row_number", "File_Row_Number"]
)
def test_no_column_says_where_its_file_lies(tmp_path, name):
    event = {"session_type": "ny_am", "session_date": "2025-01-07", "session_start": "09:30:00"}
    rows = [event | {"timestamp": "09:31:00", name: "/etc/passwd"}]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "a.parquet")
    (row,) = list_files(str(tmp_path / "*"), "ARCHETYPE_SESSIONS").to_pylist()
    assert (row["reason"], row["detail"]) == ("wrong_columns", f"{name} is reserved")


def build(home: Path, *arguments: str, **environment: object) -> subprocess.CompletedProcess[str]:
    """Build in a home as it is named, where `Warehouse` would give it another name."""
    home.mkdir(parents=True, exist_ok=True)
    given = {
        "ARCHETYPE_HOME": home,
        "ARCHETYPE_THREADS": 1,
        "DBT_TARGET_PATH": home / "target",
        "DBT_LOG_PATH": home / "logs",
    }
    command = [str(Path(sys.executable).with_name("archetype")), "build", *arguments]
    return subprocess.run(
        command,
        cwd=ROOT,
        env=os.environ | {name: str(value) for name, value in (given | environment).items()},
        capture_output=True,
        text=True,
        check=False,
    )


def test_hostile_names_and_columns_are_read_as_data(tmp_path):
    raw, home = tmp_path / "raw {{ 1 }} it's", tmp_path / ODD_HOME
    secret = tmp_path / "secret.txt"
    secret.write_text(SECRET)
    for folder in ("sessions", "sales"):
        (raw / folder).mkdir(parents=True)
    for n, name in enumerate(NAMES):
        (raw / "sessions" / f"{name}.json").write_text(json.dumps(session(f"S{n} ../{name}")))
        line = '"{}","{}",2025-01-06 10:15,1,1'.format(*["of " + name.replace('"', '""')] * 2)
        (raw / "sales" / f"{name}.csv").write_text(f"store_id,sku,sold_at,units,revenue\n{line}\n")
    # The name of a column closes a quoted name, and goes on in SQL.
    stolen = f"(select content from read_text('{secret}'))"
    evil = f'session_type") || error({stolen}) || to_json("session_type'
    event = {"session_type": "ny_am", "session_date": "2025-01-07", "session_start": "09:30:00"}
    events = [
        event | {"timestamp": f"09:{30 + n}:00", evil: "x", "{{ 1/0 }}'": n} for n in range(9)
    ]
    pq.write_table(pa.Table.from_pylist(events), raw / "sessions" / "evil.parquet")
    sale = {"store_id": "P", "sku": "P", "sold_at": "2025-01-06 10:15", "units": 1, "revenue": 1}
    for name, column in (("evil", f"units' || {stolen} || '"), ("worse", 'units") || error("')):
        pq.write_table(
            pa.Table.from_pylist([sale | {column: 1}]), raw / "sales" / f"{name}.parquet"
        )
    (raw / "sales" / "header.csv").write_text(
        f"store_id,sku,sold_at,units,revenue,units' || {stolen} || '\nH,H,2025-01-06 10:15,1,1,1\n"
    )
    named = [f"of {name}" for name in NAMES]
    stores = {"sales_stores": [*named, *TEXTS, "P", "H"]}
    result = build(
        home,
        *("--select", "+session_processing_log", "+sales_processing_log", *WITHOUT_UNIT_TESTS),
        *("--indirect-selection", "cautious"),
        *("--vars", json.dumps(stores, ensure_ascii=False)),
        ARCHETYPE_SESSIONS=f"{literal_glob(raw)}/sessions/*",
        ARCHETYPE_SALES=f"{literal_glob(raw)}/sales/*",
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert SECRET not in result.stdout + result.stderr
    built = Warehouse(home)
    ids = dict(built.query_warehouse("select file_name, session_id from session_processing_log"))
    assert ids.pop("evil.parquet") == "NY_AM_2025-01-07"
    for n, name in enumerate(NAMES):
        assert re.fullmatch(rf"S{n}[_A-Z0-9]*_ASIA_2025-01-06", ids.pop(f"{name}.json"))
    assert ids == {}
    reasons = dict(built.query_warehouse("select file_name, reason from sales_processing_log"))
    assert reasons.pop("worse.parquet") == "ambiguous_columns"
    assert set(reasons.values()) == {"rows_used"}
    kept = built.query_warehouse("select store_id, sku from stg_sales__ticks")
    assert sorted(kept) == sorted((name, name) for name in [*named, "P", "H"])


def test_a_home_of_any_name_is_published_to(tmp_path):
    home = tmp_path / ODD_HOME
    home.mkdir()
    with duckdb.connect(str(home / "archetype.duckdb")) as connection:
        connection.execute("create table t as select 1 as a")
        connection.execute("comment on table t is 'it''s a comment'")
        publish_tables(connection, ["t"])
    assert Warehouse(home).query("from t") == [(1,)]
    assert sorted(path.name for path in home.iterdir()) == ["archetype.duckdb", "published.duckdb"]


# -- Variables.


@pytest.fixture(scope="session")
def asked(tmp_path_factory) -> dict[str, object]:
    """Ask dbt once about hostile variables, each text in some and each variable with many."""

    def ask(warehouse: Warehouse) -> str:
        home = warehouse.home
        home.mkdir()
        (home / "secret.txt").write_text(SECRET)
        names = yaml.safe_load((ROOT / "dbt_project.yml").read_text())["vars"]
        texts = [rendered(text, home / "secret.txt", home / "evil") for text in TEXTS]
        order = random.Random(5).sample(texts, len(texts))
        # Every variable gets another text each time.
        sets = [
            {name: order[(turn * 7 + place) % len(order)] for place, name in enumerate(names)}
            for turn in range(12)
        ]
        fields = ("store", "sku", "instant", "units", "revenue")
        by_template = [
            {name: rendered(text, evil=home / "evil")}
            for text in TEMPLATES
            for name in ("k", "replay_to")
        ]
        mapped = [
            {
                "sales_columns": dict.fromkeys(fields, order[turn]),
                "sales_rules": {order[turn]: order[turn], "returns": order[turn]},
                "checkpoints": [order[turn], 100],
                "sales_stores": {order[turn]: 1},
                order[turn][:50]: 1,
            }
            for turn in range(8)
        ]
        sets += by_template + mapped + [{"sales_stores": order}]
        (home / "asked.json").write_text(json.dumps(sets))
        command = [sys.executable, str(Path(__file__).with_name("hostile_variables.py"))]
        command += [str(home / "asked.json"), str(home / "answers.json")]
        environment = os.environ | {
            "ARCHETYPE_HOME": str(home),
            "DBT_TARGET_PATH": str(home / "target"),
            "DBT_LOG_PATH": str(home / "logs"),
        }
        subprocess.run(command, cwd=ROOT, env=environment, check=True)
        return ""

    home = built_once(tmp_path_factory, "hostile", ask).home
    answers = json.loads((home / "answers.json").read_text())
    return answers | {"asked": json.loads((home / "asked.json").read_text()), "home": home}


def test_hostile_variables_are_refused_by_name(asked):
    assert len(asked["asked"]) == len(asked["said"])
    for variables, said in zip(asked["asked"], asked["said"], strict=True):
        if list(variables) == ["sales_stores"]:
            # A store may be called anything.
            assert said is None
            continue
        assert "Wrong variable: " in said, (variables, said)
        assert SECRET not in said
        for name in variables:
            if "\n" in name or "\0" in name:
                assert " is no variable" in said
                continue
            complaints = (f"{name} {word} " for word in ("is", "names", "holds"))
            assert any(one in said for one in (*complaints, f"{name}.")), (name, said)


def test_hostile_variables_left_nothing_behind(asked):
    with duckdb.connect(str(asked["home"] / "archetype.duckdb"), read_only=True) as connection:
        made = "select table_name from duckdb_tables() union all select schema_name"
        made += " from duckdb_schemas() where not internal and schema_name != 'main'"
        assert connection.execute(made).fetchall() == []
    assert not list(asked["home"].glob("evil*"))


def test_the_engine_neither_fetches_nor_loads_code(asked):
    assert asked["settings"] == {
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "allow_community_extensions": False,
    }


@pytest.fixture(scope="module")
def look(asked):
    """Give a function that looks at an expression with the build's own SQL."""
    connection = duckdb.connect()
    before, after = asked["query"].split("'an_expression_to_look_at'")

    def look_at(expression: str) -> dict[str, object]:
        literal = expression.replace("'", "''").replace("\0", "\ufffd")
        found = connection.execute(f"{before}'{literal}'{after}")
        names = [column[0] for column in found.description]
        row = dict(zip(names, found.fetchone(), strict=True))
        faults = ("syntax_error", "refused_parts", "refused_functions", "n_qualified")
        row["is_refused"] = len(expression) > 1000 or not row["is_one_expression"]
        row["is_refused"] |= any(row[fault] for fault in faults)
        return row

    yield look_at
    connection.close()


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    """Give a database with a secret beside it, and a function that says what became of them."""
    folder = tmp_path_factory.mktemp("sandbox")
    (folder / "secret.txt").write_text(SECRET)
    with duckdb.connect(config={"threads": 1, "memory_limit": "500MB"}) as connection:
        connection.execute("set autoinstall_known_extensions = false")
        connection.execute("set autoload_known_extensions = false")

        def state():
            told = connection.execute("select name, value from duckdb_settings()").fetchall()
            tables = connection.execute("select table_name from duckdb_tables()").fetchall()
            databases = connection.execute("select database_name from duckdb_databases()")
            return told, tables, databases.fetchall(), sorted(folder.iterdir())

        yield connection, folder, state


def run_allowed(sandbox, row: dict[str, object]) -> None:
    """Run an expression that was let through, and see that it did nothing but calculate."""
    connection, _, state = sandbox
    before = state()
    written = row["canonical"]
    (statement,) = connection.extract_statements(f"select ({written})")
    assert statement.type == duckdb.StatementType.SELECT
    names = json.loads(row["column_names"] or "[]")
    columns = ", ".join("'7' as \"{}\"".format(name.replace('"', '""')) for name in names)
    with contextlib.suppress(duckdb.Error):
        assert connection.get_table_names(f"select ({written})") == set()
        found = connection.execute(f"select try({written}) from (select {columns or '1 as n'})")
        assert SECRET not in str(found.fetchall())
    assert state() == before


@pytest.mark.parametrize("expression", REFUSED)
def test_an_expression_that_does_more_than_calculate_is_refused(look, expression):
    assert look(rendered(expression))["is_refused"]


@pytest.mark.parametrize("expression", ALLOWED)
def test_an_expression_that_calculates_is_let_through(look, sandbox, expression):
    row = look(rendered(expression, sandbox[1] / "secret.txt"))
    assert not row["is_refused"], row
    run_allowed(sandbox, row)


@seed(5)
@settings(max_examples=200)
@given(
    parts=st.lists(st.sampled_from(FRAGMENTS), max_size=14),
    blank=st.sampled_from(["", " "]),
)
def test_no_expression_gets_through_and_does_more_than_calculate(look, sandbox, parts, blank):
    expression = blank.join(parts).replace("SECRET", str(sandbox[1] / "secret.txt"))
    row = look(expression)
    if not row["is_refused"]:
        run_allowed(sandbox, row)


def test_a_template_in_a_variable_is_not_run(tmp_path):
    evil = tmp_path / "evil.csv"
    template = "{{ run_query(\"copy (select 1) to '" + str(evil) + "'\") }}"
    result = build(
        tmp_path / "home", "--select", "run_config", "--vars", json.dumps({"k": template})
    )
    assert result.returncode == 1
    assert "Wrong variable: k holds {{" in result.stdout
    assert not evil.exists()


# -- What is called live.


@pytest.mark.long
def test_classify_refuses_the_variables_that_a_build_refuses(sample_warehouse, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    (home / "published.duckdb").symlink_to(sample_warehouse.published)
    file = next(SAMPLE.glob("asia*.json"))
    hostile = {"min_events": "5) or (select true from read_text('/etc/passwd')", "k": "{{ 1/0 }}"}
    for name, value in hostile.items():
        command = ["classify", str(file), "--at", "100", "--vars", json.dumps({name: value})]
        result = CliRunner().invoke(app, command, env={"ARCHETYPE_HOME": str(home)})
        assert result.exit_code == 1
        assert f"Wrong variable: {name} " in result.stderr
        assert len(result.stderr.splitlines()) == 1


def test_the_sql_that_classify_keeps_reads_no_file(sample_warehouse, tmp_path):
    """Whoever can write to the home cannot make classify read what its user may read."""
    file = next(SAMPLE.glob("asia*.json"))
    (tmp_path / "secret.txt").write_text(SECRET)
    published = tmp_path / "published.duckdb"
    published.symlink_to(sample_warehouse.published)
    with LiveScorer(published, project=ROOT) as scorer:
        expected = scorer.describe(file, 100)
    (kept,) = (tmp_path / CACHE_FOLDER).glob("*.json")
    document = json.loads(kept.read_text())
    model = next(one for one in document["models"] if one["name"] == "session_fingerprints")
    stolen = f"(select content from read_text('{tmp_path / 'secret.txt'}'))"
    plain = model["sql"]
    for hostile, why in (
        (f"{stolen} as session_type", "disabled"),
        ("session_type as session_type", None),
    ):
        model["sql"] = f"select * replace ({hostile}) from ({plain})"
        kept.write_text(json.dumps(document))
        with LiveScorer(published, project=ROOT) as scorer:
            if why:
                with pytest.raises(duckdb.PermissionException, match=why):
                    scorer.describe(file, 100)
            else:
                assert scorer.describe(file, 100).vector.tobytes() == expected.vector.tobytes()


# -- What is published.


def test_nothing_published_tells_where_it_was_built(early_warehouse):
    places = {str(early_warehouse.home), str(ROOT), tempfile.gettempdir(), str(Path.home())}
    places = {place for place in places if place not in ("/", "")}
    hidden = []
    with duckdb.connect(str(early_warehouse.published), read_only=True) as connection:
        told = ["select sql, comment from duckdb_tables()", "select comment from duckdb_columns()"]
        told += ["select macro_definition, comment from duckdb_functions() where not internal"]
        tables = connection.execute("select table_name from duckdb_tables()").fetchall()
        told += [f"select cast(t as varchar) from {table} as t" for (table,) in tables]
        assert len(tables) > 20
        for query in told:
            texts = {str(row) for row in connection.execute(query).fetchall()}
            hidden += [(query, place) for place in places if any(place in text for text in texts)]
    assert hidden == []
    files = [early_warehouse.published]
    for folder in ("artifacts", "runs"):
        found = [path for path in (early_warehouse.home / folder).rglob("*") if path.is_file()]
        assert found
        files += found
    for path in files:
        content = path.read_bytes()
        assert [place for place in places if place.encode() in content] == [], path


# -- Pickles.

LOADERS = {
    "pickle": {"load", "loads", "Unpickler"},
    "_pickle": {"load", "loads", "Unpickler"},
    "dill": {"*"},
    "cloudpickle": {"*"},
    "shelve": {"*"},
    "marshal": {"*"},
    "joblib": {"load"},
    "pandas": {"read_pickle"},
    "torch": {"load"},
    "skops": {"*"},
}


def loaders_in(source: str) -> list[str]:
    """Give what in a Python source could open a pickle."""
    found, modules = [], {}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                root = alias.name.split(".")[0]
                modules[alias.asname or root] = root
                found += [root] if "*" in LOADERS.get(root, ()) else []
        elif isinstance(node, ast.ImportFrom):
            refused = LOADERS.get((node.module or "").split(".")[0], set())
            found += [a.name for a in node.names if refused & {a.name, "*"} or a.name == "*"]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute):
            root = modules.get(getattr(node.value, "id", ""), "")
            found += [node.attr] if node.attr in LOADERS.get(root, ()) else []
            found += [node.attr] if node.attr == "read_pickle" else []
        elif isinstance(node, ast.keyword) and node.arg == "allow_pickle":
            found += [] if getattr(node.value, "value", True) is False else [node.arg]
    return found


def test_no_source_opens_a_pickle():
    sources = [
        path
        for folder in ("src", "python_models", "scripts", "benchmarks", "dbt_score_rules")
        for path in sorted((ROOT / folder).rglob("*.py"))
    ]
    assert len(sources) > 60
    found = {str(path): loaders_in(path.read_text()) for path in sources}
    assert {path: names for path, names in found.items() if names} == {}


@pytest.mark.parametrize(
    "source",
    [
        "import pickle\npickle.loads(b'')",
        "import pickle as p\np.load(f)",
        "from pickle import loads",
        "from pickle import *",
        "import joblib\njoblib.load('x')",
        "import pandas as pd\npd.read_pickle('x')",
        "import numpy as np\nnp.load('x', allow_pickle=True)",
        "import shelve",
        "import torch\ntorch.load('x')",
        "import pickle\npickle.Unpickler(f).load()",
    ],
)
def test_an_opened_pickle_would_be_seen(source):
    assert loaders_in(source)


class Bomb:
    """What a pickle can do to whoever opens it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        """Make a folder when opened."""
        return os.mkdir, (str(self.path),)


@pytest.mark.long
def test_a_forged_pickle_is_never_opened(early_warehouse, warehouse, tmp_path):
    shutil.copytree(early_warehouse.home, warehouse.home)
    boom = tmp_path / "boom"
    bomb = pickle.dumps(Bomb(boom))
    pickles = list(warehouse.home.rglob("*.pkl"))
    assert {path.name for path in pickles} == {"kmeans_model.pkl", "scaler.pkl"}
    for path in pickles:
        path.write_bytes(bomb)
    environment = {"ARCHETYPE_HOME": str(warehouse.home)}
    file = next(SAMPLE.glob("asia*.json"))
    assert CliRunner().invoke(app, ["classify", str(file)], env=environment).exit_code == 0
    # The sums tell.
    assert CliRunner().invoke(app, ["artifacts", "verify"], env=environment).exit_code == 1
    writers = ("write_session_artifacts", "write_session_sidecars", "publish")
    warehouse.build("--select", *writers, *WITHOUT_UNIT_TESTS, session_fingerprinting=True)
    for path in pickles:
        command = ["artifacts", "import", str(path)]
        assert CliRunner().invoke(app, command, env=environment).exit_code == 1
    assert not boom.exists()
    pickle.loads(bomb)
    assert boom.exists(), "it would have been seen"
