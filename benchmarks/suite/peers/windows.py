"""What the window peers share: windows in, one row of numbers a window out, and a clock."""

from __future__ import annotations

import time
from collections.abc import Callable

import pandas as pd
import pyarrow.parquet as pq

FEW = 3


def clocked(
    describe: Callable, arguments: dict[str, object], first: Callable | None = None
) -> dict[str, object]:
    """Time a peer: from windows in memory to a table of features in memory.

    Parameters
    ----------
    describe : callable
        Takes a list of arrays, one a window; gives a data frame of a row each.
    arguments : dict
        `windows`, a Parquet file of window_id and deviations, and, where wanted, `out`.
    first : callable, optional
        Makes the call before the clock, in which a library sets itself up; `describe` itself by
        default.

    Returns
    -------
    dict
        `engine_s`, `result_rows` and `n_features`.
    """
    table = pq.read_table(arguments["windows"])
    curves = [curve.values.to_numpy() for curve in table["deviations"]]
    (first or describe)(curves[:FEW])
    started = time.perf_counter()
    features = describe(curves)
    seconds = time.perf_counter() - started
    if arguments.get("out"):
        features.columns = [f"f{i}" for i in range(features.shape[1])]
        ids = pd.Series(table["window_id"].to_pylist(), name="window_id")
        pd.concat([ids, features.reset_index(drop=True)], axis=1).to_parquet(
            arguments["out"], index=False
        )
    return {
        "engine_s": seconds,
        "result_rows": len(features),
        "n_features": features.shape[1],
    }
