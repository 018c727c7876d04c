"""The efficient set of tsfresh, on both cores.

Its processes are forks: what a first call in this one compiles, they have.
"""

from __future__ import annotations

import warnings
from functools import partial

import numpy as np
import pandas as pd
from tsfresh import extract_features
from tsfresh.feature_extraction import EfficientFCParameters

from suite.peers.windows import clocked

N_JOBS = 2


def run(**arguments) -> dict[str, object]:
    """Time it; see `clocked`."""
    return clocked(describe, arguments, first=partial(describe, n_jobs=0))


def describe(curves: list[np.ndarray], n_jobs: int = N_JOBS) -> pd.DataFrame:
    """Describe curves."""
    lengths = [len(curve) for curve in curves]
    frame = pd.DataFrame(
        {
            "window": np.repeat(np.arange(len(curves)), lengths),
            "tick": np.concatenate([np.arange(n) for n in lengths]),
            "deviation": np.concatenate(curves),
        }
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return extract_features(
            frame,
            column_id="window",
            column_sort="tick",
            default_fc_parameters=EfficientFCParameters(),
            n_jobs=n_jobs,
            disable_progressbar=True,
        )
