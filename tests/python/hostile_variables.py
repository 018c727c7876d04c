"""What dbt says to hostile variables, asked many times in one process that has parsed once.

It is run as a program, so that pytest's own process opens no warehouse::

    python hostile_variables.py asked.json answers.json

`asked.json` is a list of variables; `answers.json` gets what the check of the variables said to
each, null where it said nothing, the SQL that looks at one expression of `sales_columns`, and some
of the engine's settings.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from dbt.cli.main import dbtRunner

MARK = "an_expression_to_look_at"
SETTINGS = (
    "autoinstall_known_extensions",
    "autoload_known_extensions",
    "allow_community_extensions",
)
QUIETLY = ("--quiet", "--log-level", "none", "--log-level-file", "none", "--no-write-json")


def ask(asked: list[dict[str, object]]) -> dict[str, object]:
    """Let dbt check each set of variables."""
    manifest = dbtRunner().invoke([*QUIETLY, "parse"]).result
    said = [run(manifest, "check_variables", "--vars", each) for each in asked]
    looked = run(manifest, "sales_expression", "--args", {"expression": MARK})
    query = next(sql for sql in looked["sql"] if MARK in sql)
    return {
        "said": [each["said"] for each in said],
        "query": query,
        "settings": read_settings(manifest),
    }


def read_settings(manifest) -> dict[str, bool]:
    """Give the settings of the connection that models are built on."""
    query = f"select {', '.join(f'current_setting({name!r}) as {name}' for name in SETTINGS)}"
    shown = dbtRunner(manifest=manifest).invoke([*QUIETLY, "show", "--inline", query])
    return dict(zip(SETTINGS, shown.result.results[0].agate_table.rows[0], strict=True))


def run(manifest, macro: str, option: str, value: dict[str, object]) -> dict[str, object]:
    """Run one macro; give what dbt complained of, and the SQL that was run."""
    heard = {"said": None, "sql": []}

    def listen(event) -> None:
        if event.info.name == "SQLQuery":
            heard["sql"].append(event.data.sql)
        elif event.info.level == "error":
            heard["said"] = (heard["said"] or "") + event.info.msg

    dbt = dbtRunner(manifest=manifest, callbacks=[listen])
    outcome = dbt.invoke(
        [*QUIETLY, "run-operation", macro, option, json.dumps(value, ensure_ascii=False)]
    )
    if not outcome.success:
        heard["said"] = heard["said"] or str(outcome.exception or outcome.result)
    return heard


if __name__ == "__main__":
    answers = ask(json.loads(Path(sys.argv[1]).read_text()))
    Path(sys.argv[2]).write_text(json.dumps(answers))
