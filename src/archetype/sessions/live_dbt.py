"""Let dbt check the variables and compile the live models, parsing the project once.

It is run as a program, so that a caller's own process neither imports dbt nor opens its warehouse::

    python -m archetype.sessions.live_dbt '<variables>' '<variables to compile with>' model ...

A compilation, unlike a build, runs no hooks: what a build refuses at its start must be asked for.
"""

from __future__ import annotations

import sys

from dbt.cli.main import dbtRunner


def main(given: str, compiled_with: str, *models: str) -> int:
    """Check, then compile.

    Parameters
    ----------
    given : str
        The variables to check, as JSON.
    compiled_with : str
        The variables to compile with, as JSON.
    *models : str
        The models, each with all that it reads.

    Returns
    -------
    int
        0, or 1 where dbt said on the standard output what is wrong.
    """
    quietly = ["--quiet", "--no-use-colors"]
    parsed = dbtRunner().invoke([*quietly, "parse", "--vars", compiled_with])
    if not parsed.success:
        return 1
    dbt = dbtRunner(manifest=parsed.result)
    checked = dbt.invoke([*quietly, "run-operation", "check_variables", "--vars", given])
    if not checked.success:
        return 1
    selected = ["--select", *(f"+{model}" for model in models)]
    return not dbt.invoke([*quietly, "compile", *selected, "--vars", compiled_with]).success


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
