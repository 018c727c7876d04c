"""What a clone must hold, and lists that stand in two languages."""

from __future__ import annotations

import re
import subprocess

import pytest
import yaml
from conftest import ROOT

from archetype.files import LOOKAHEAD_FIELDS
from archetype.sessions.features import FEATURE_NAMES, PHASES

SOURCES = ("models", "python_models", "macros", "seeds", "tests", "src", "sample", "scripts")
# Public tables that no content hash is taken of.
WITH_THE_WALL_CLOCK = ("build_runs", "log_checkpoints")


def macro(name):
    """Give the text of a macro."""
    return (ROOT / "macros" / f"{name}.sql").read_text()


def test_no_source_file_is_ignored_by_git():
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    command = ["git", "status", "--ignored", "--porcelain", "--", *SOURCES]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    ignored = [line[3:] for line in listed.splitlines() if line.startswith("!!")]
    generated = ("__pycache__/", ".egg-info/")
    assert [path for path in ignored if not path.endswith(generated)] == []


def test_features_have_the_same_names_in_sql_and_python():
    assert tuple(re.findall(r"'(\w+)'", macro("session_feature_names"))) == FEATURE_NAMES
    assert tuple(re.findall(r"'(\w+)'", macro("session_phases"))) == PHASES


def test_lookahead_fields_are_the_same_in_sql_and_python():
    names = re.search(r"\(([\w|]+)\)", macro("lookahead_pattern")).group(1)
    assert tuple(names.split("|")) == LOOKAHEAD_FIELDS


def test_published_tables_are_the_same_in_sql_and_python():
    in_sql = re.findall(r"'(\w+)': \[", macro("published_tables"))
    binder = (ROOT / "python_models/ops/publish.py").read_text()
    settings = yaml.safe_load((ROOT / "python_models/ops/publish.yml").read_text())
    in_yaml = settings["models"][0]["config"]["meta"]["tables"]
    assert sorted(in_yaml) == sorted([*in_sql, *WITH_THE_WALL_CLOCK])
    # Publishing waits for the audit of the logs.
    wanted = sorted([*in_yaml, "log_breaks"])
    assert sorted(re.findall(r'dbt\.ref\("(\w+)"\)', binder)) == wanted


def test_every_variable_is_known():
    variables = yaml.safe_load((ROOT / "dbt_project.yml").read_text())["vars"]
    assert re.findall(r"'(\w+)'", macro("known_variables")) == list(variables)
