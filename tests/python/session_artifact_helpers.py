"""What the tests of artifacts share: the command line, and a guard against opening pickles."""

import pickle

import joblib
import pytest
from typer.testing import CliRunner

from archetype.cli import app

unpickle = pickle.loads


@pytest.fixture(autouse=True)
def no_unpickling(monkeypatch):
    """Fail whoever opens a pickle; a test that does so itself calls ``unpickle``."""

    def refuse(*_, **__):
        raise AssertionError("a pickle was opened")

    for module, name in ((pickle, "load"), (pickle, "loads"), (joblib, "load")):
        monkeypatch.setattr(module, name, refuse)


def run(*arguments):
    """Run the command line; give exit code, lines printed and lines of errors."""
    result = CliRunner().invoke(app, ["artifacts", *map(str, arguments)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout.splitlines(), result.stderr.splitlines()
