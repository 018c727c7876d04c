"""The fit of archetypes, the trials of other settings, and scikit-learn's k-means alone."""

from __future__ import annotations

import time

from suite.fitted import fitted_sessions
from suite.harness import Bench, Row, function_case, in_turn

TITLE = "Fit and trials"
CLOCK = """
`fit_session_archetypes` from a table of training vectors in memory to the model's row: the fit, its
bootstraps, the trials of 7 k x 2 scalers x components x 2 distances with theirs, and how it
describes archetypes. *trials alone* is the part of it that tries. *scikit-learn KMeans alone* is
one `KMeans(n_init=10).fit` of the same vectors in the fitted space on one thread: what a fit
without any of this would cost. Trials look at no more than `trial_sample_max` sessions, bootstraps
at no more than `metric_sample_max`, so the cost hardly grows with the sessions.
"""
SIZES = {"tiny": (60,), "quick": (10_000,), "full": (10_000, 100_000)}
CASES = {
    "ours: fit with trials": "fit",
    "ours: trials alone": "try_settings",
    "scikit-learn KMeans alone": "cluster",
}


def measure(size: int, bench: Bench) -> list[Row]:
    """Measure a fit of so many sessions."""
    files = fitted_sessions(bench, size)
    arguments = {"training": files["training"], "model": files["model"]}
    cases = [
        function_case(by, f"suite.work.session_fit:{name}", arguments, bench)
        for by, name in CASES.items()
    ]
    return in_turn(cases, bench, work="session_fit", case="fit", size=size, n_items=size)


def fit(training: str, model: str) -> Row:
    """Time the whole fit."""
    import pyarrow.parquet as pq

    from archetype.sessions.fit import fit_session_archetypes
    from archetype.sessions.space import FitParameters

    table = pq.read_table(training)
    started = time.perf_counter()
    fitted = fit_session_archetypes(table, None, FitParameters(), reason="measured")
    return {
        "engine_s": time.perf_counter() - started,
        "n_trials": len(fitted["trials"][0].as_py()),
    }


def try_settings(training: str, model: str) -> Row:
    """Time the trials."""
    import numpy as np
    import pyarrow.parquet as pq

    from archetype.sessions.fit import hash_training
    from archetype.sessions.space import FitParameters, read_vectors
    from archetype.sessions.trials import run_trials

    table = pq.read_table(training).sort_by("session_id")
    ids = np.array(table["session_id"].to_pylist())
    vectors, is_imputed = read_vectors(table)
    fingerprint = hash_training(ids, vectors, is_imputed)
    started = time.perf_counter()
    trials = run_trials(ids, vectors, is_imputed, fingerprint, FitParameters())
    return {"engine_s": time.perf_counter() - started, "n_trials": len(trials)}


def cluster(training: str, model: str) -> Row:
    """Time k-means alone, in the space of a model that was fitted before."""
    import pyarrow.parquet as pq
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    from archetype.sessions.match import read_space
    from archetype.sessions.space import FitParameters, read_vectors, transform

    points = transform(read_space(pq.read_table(model)), *read_vectors(pq.read_table(training)))
    own = FitParameters()
    with threadpool_limits(1):
        started = time.perf_counter()
        KMeans(own.k, n_init=own.n_init, random_state=own.random_state).fit(points)
        return {"engine_s": time.perf_counter() - started}
