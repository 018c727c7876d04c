"""The 22 features of pycatch22, with mean and deviation, window by window."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pycatch22

from suite.peers.windows import clocked


def run(**arguments) -> dict[str, object]:
    """Time it; see `clocked`."""
    return clocked(describe, arguments)


def describe(curves: list[np.ndarray]) -> pd.DataFrame:
    """Describe curves."""
    found = [pycatch22.catch22_all(curve.tolist(), catch24=True) for curve in curves]
    return pd.DataFrame([one["values"] for one in found], columns=found[0]["names"])
