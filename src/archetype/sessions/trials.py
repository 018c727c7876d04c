"""Cluster training vectors, measure the clustering, and try other settings the same way.

The fit itself and all trials go through :func:`evaluate`, so that the trial of the fit's own
setting has exactly the metrics of the model, and a comparison of the two compares settings and
nothing else.
"""

from __future__ import annotations

import hashlib
import json
import math
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from itertools import groupby, product
from operator import itemgetter

import numpy as np
import pyarrow as pa
from sklearn import config_context
from sklearn.cluster import KMeans, MiniBatchKMeans
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import (
    calinski_harabasz_score,
    davies_bouldin_score,
    silhouette_score,
)
from threadpoolctl import threadpool_limits

from archetype.sessions.match import centroid_distances, nearest_centroids
from archetype.sessions.space import (
    DISTANCES,
    N_FEATURES,
    SCALERS,
    FitParameters,
    Space,
    as_compared,
    draw_rows,
    fit_space,
    project,
    scale_vectors,
)

METRICS = (
    "silhouette",
    "calinski_harabasz",
    "davies_bouldin",
    "inertia",
    "separation",
    "stability",
)

TRIAL_TYPE = pa.struct(
    [
        ("trial_id", pa.string()),
        ("k", pa.int32()),
        ("scaler", pa.string()),
        ("n_components", pa.int32()),
        ("distance", pa.string()),
        *((name, pa.float64()) for name in METRICS),
        ("chance_silhouette", pa.float64()),
        ("explained_variance", pa.float64()),
        ("score", pa.float64()),
        ("smallest_size", pa.int64()),
        ("largest_share", pa.float64()),
        ("is_recommended", pa.bool_()),
        ("is_model", pa.bool_()),
        ("rank", pa.int32()),
        ("recommendation", pa.string()),
    ]
)

# What a trial's metrics depend on beside its setting and the training rows.
MEASURED_WITH = (
    "clip",
    "random_state",
    "n_init",
    "minibatch_above",
    "n_bootstraps",
    "bootstrap_n_init",
    "bootstrap_scope",
    "n_references",
    "metric_sample_max",
    "trial_sample_max",
)

SMALLEST_PCT = 2
SMALLEST_SIZE = 2
# Fewer components make any data look better grouped; the usual floor is half of the variance.
LEAST_VARIANCE = 0.5


@dataclass(frozen=True, order=True)
class Setting:
    """What one trial differs from another in.

    Parameters
    ----------
    k : int
        Number of archetypes.
    scaler : {"standard", "robust"}
        The scaler.
    n_components : int
        Principal components, 0 for none.
    distance : {"euclidean", "cosine"}
        The distance.
    """

    k: int
    scaler: str
    n_components: int
    distance: str

    @classmethod
    def of(cls, parameters: FitParameters) -> Setting:
        """Take the setting out of all parameters of a fit.

        Parameters
        ----------
        parameters : FitParameters
            The choices of a fit.

        Returns
        -------
        Setting
            The four of them that trials vary.
        """
        return cls(parameters.k, parameters.scaler, parameters.n_components, parameters.distance)


@dataclass(frozen=True, eq=False)
class Evaluation:
    """A clustering and its metrics.

    Parameters
    ----------
    space : Space
        The fitted space.
    points : numpy.ndarray, shape (n, m)
        All vectors in it.
    centroids : numpy.ndarray, shape (k, m)
        As k-means left them.
    labels : numpy.ndarray of int, shape (n,)
        Row of the nearest centroid.
    metrics : dict of str to float or None
        ``METRICS``; None where a metric is not defined, never NaN.
    """

    space: Space
    points: np.ndarray
    centroids: np.ndarray
    labels: np.ndarray
    metrics: dict[str, float | None]

    @property
    def sizes(self) -> np.ndarray:
        """Number of sessions of each archetype, shape (k,)."""
        return np.bincount(self.labels, minlength=len(self.centroids))

    def with_stability(self, agreements: Sequence[float]) -> Evaluation:
        """Add the stability.

        Parameters
        ----------
        agreements : sequence of float
            Adjusted Rand index of each bootstrap refit against the labels.

        Returns
        -------
        Evaluation
            With the mean of them.
        """
        return replace(self, metrics=self.metrics | {"stability": float(np.mean(agreements))})


class _View:
    """All vectors in the spaces that one scaler makes of some of the rows."""

    def __init__(
        self,
        vectors: np.ndarray,
        is_imputed: np.ndarray,
        rows: np.ndarray,
        parameters: FitParameters,
    ) -> None:
        self._space = fit_space(vectors[rows], is_imputed[rows], parameters)
        self._scaled = scale_vectors(self._space, vectors, is_imputed)
        self._projected = project(self._space, self._scaled)

    def space(self, n_components: int, distance: str) -> Space:
        """Narrow the space to its first components."""
        return replace(
            self._space,
            mean=self._space.mean if n_components else np.zeros(N_FEATURES),
            components=self._space.components[:n_components],
            explained_variance=self._space.explained_variance[:n_components],
            distance=distance,
        )

    def points(self, n_components: int, distance: str) -> np.ndarray:
        """Give what `transform` gives in the narrowed space, at the price of a copy."""
        kept = self._projected[:, :n_components] if n_components else self._scaled
        return np.ascontiguousarray(as_compared(kept, distance))


def algorithm_for(n_rows: int, parameters: FitParameters) -> str:
    """Choose the k-means that a number of rows is fitted with.

    Parameters
    ----------
    n_rows : int
        Training rows.
    parameters : FitParameters
        `minibatch_above` is used.

    Returns
    -------
    {"kmeans", "minibatch_kmeans"}
        The name.
    """
    return "minibatch_kmeans" if n_rows > parameters.minibatch_above else "kmeans"


def evaluate(
    session_ids: np.ndarray,
    vectors: np.ndarray,
    is_imputed: np.ndarray,
    settings: Sequence[Setting],
    parameters: FitParameters,
) -> dict[Setting, Evaluation | None]:
    """Cluster vectors under several settings, and measure each clustering.

    The work that settings share is done once: a scaler and its decomposition for each bootstrap, of
    which a setting takes as many components as it wants. One thread, whatever the machine offers:
    with more, k-means differs in the last bits from run to run.

    Parameters
    ----------
    session_ids : numpy.ndarray of str, shape (n,)
        Ascending and unique.
    vectors : numpy.ndarray, shape (n, 30)
        In feature units, NaN where imputed.
    is_imputed : numpy.ndarray of bool, shape (n, 30)
        The mask.
    settings : sequence of Setting
        What to fit; no k above n.
    parameters : FitParameters
        Everything but the setting.

    Returns
    -------
    dict of Setting to Evaluation or None
        None where the vectors hold fewer distinct points than k, so that an archetype would stay
        empty.

    Raises
    ------
    ValueError
        A setting has more components than min(n, 30).
    """
    found: dict[Setting, Evaluation | None] = {}
    draws = _bootstrap_draws(len(vectors), parameters)
    sample = draw_rows(session_ids, parameters.metric_sample_max)
    with _on_one_thread():
        for shared, group in _by_scaler(settings, parameters):
            found |= _evaluate_scaler(vectors, is_imputed, group, draws, sample, shared)
    return dict(sorted(found.items()))


@contextmanager
def _on_one_thread() -> Iterator[None]:
    # Thousands of tiny fits: scikit-learn would spend long on checking what has been checked.
    unchecked = config_context(assume_finite=True, skip_parameter_validation=True)
    with threadpool_limits(limits=1), unchecked, warnings.catch_warnings():
        # A bootstrap may well hold fewer distinct rows than k; its labels say so by themselves.
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield


def _by_scaler(
    settings: Sequence[Setting], parameters: FitParameters
) -> Iterator[tuple[FitParameters, list[Setting]]]:
    for scaler in sorted({setting.scaler for setting in settings}):
        group = sorted(setting for setting in settings if setting.scaler == scaler)
        widest = max(setting.n_components for setting in group)
        yield replace(parameters, scaler=scaler, n_components=widest), group


def _bootstrap_draws(n_rows: int, parameters: FitParameters) -> np.ndarray:
    size = min(n_rows, parameters.metric_sample_max)
    generator = np.random.default_rng(parameters.random_state)
    return generator.integers(0, n_rows, size=(parameters.n_bootstraps, size))


def _evaluate_scaler(
    vectors: np.ndarray,
    is_imputed: np.ndarray,
    settings: Sequence[Setting],
    draws: np.ndarray,
    sample: np.ndarray,
    parameters: FitParameters,
) -> dict[Setting, Evaluation | None]:
    view = _View(vectors, is_imputed, np.arange(len(vectors)), parameters)
    found = {setting: _evaluate_one(view, setting, sample, parameters) for setting in settings}
    tested = [s for s in settings if found[s] is not None and 1 < s.k < len(vectors)]
    agreement: dict[Setting, list[float]] = {setting: [] for setting in tested}
    for rows in draws if tested else ():
        is_whole = parameters.bootstrap_scope == "pipeline"
        refit = _View(vectors, is_imputed, rows, parameters) if is_whole else view
        for setting in tested:
            labels = _refit_labels(refit, rows, setting, parameters)
            agreement[setting].append(adjusted_rand(found[setting].labels, labels))
    return found | {
        setting: found[setting].with_stability(scores)
        for setting, scores in agreement.items()
        if scores
    }


def _evaluate_one(
    view: _View, setting: Setting, sample: np.ndarray, parameters: FitParameters
) -> Evaluation | None:
    points = view.points(setting.n_components, setting.distance)
    if len(np.unique(points, axis=0)) < setting.k:
        return None
    centroids = _cluster(points, setting.k, len(points), parameters.n_init, parameters)
    labels, distances = nearest_centroids(points, centroids)
    if len(np.unique(labels)) < setting.k:
        return None
    metrics = measure(points, labels, distances, centroids, sample)
    space = view.space(setting.n_components, setting.distance)
    return Evaluation(space, points, centroids, labels, metrics)


def _refit_labels(
    refit: _View, rows: np.ndarray, setting: Setting, parameters: FitParameters
) -> np.ndarray:
    points = refit.points(setting.n_components, setting.distance)
    starts = parameters.bootstrap_n_init
    centroids = _cluster(points[rows], setting.k, len(points), starts, parameters)
    return nearest_centroids(points, centroids)[0]


def _cluster(
    points: np.ndarray, k: int, n_rows: int, n_init: int, parameters: FitParameters
) -> np.ndarray:
    chosen = KMeans if algorithm_for(n_rows, parameters) == "kmeans" else MiniBatchKMeans
    model = chosen(n_clusters=k, n_init=n_init, random_state=parameters.random_state)
    return model.fit(points).cluster_centers_


def adjusted_rand(first: np.ndarray, second: np.ndarray) -> float:
    """Compare two labellings of the same rows by the adjusted Rand index.

    The figure of ``sklearn.metrics.adjusted_rand_score``, whose checks take as long as a small fit;
    a grid of trials needs thousands.

    Parameters
    ----------
    first, second : numpy.ndarray of int, shape (n,)
        Labels, 0 or more.

    Returns
    -------
    float
        1 for the same groups, 0 on average for groups by chance.

    References
    ----------
    Hubert and Arabie (1985), Comparing partitions, Journal of Classification 2.
    """
    width = int(second.max()) + 1
    shared = np.bincount(first * width + second, minlength=(int(first.max()) + 1) * width)
    table = shared.reshape(-1, width)
    in_both, in_first, in_second = map(_pairs, (table, table.sum(axis=1), table.sum(axis=0)))
    by_chance = in_first * in_second / _pairs(np.array([len(first)]))
    most = (in_first + in_second) / 2
    return 1.0 if most == by_chance else float((in_both - by_chance) / (most - by_chance))


def _pairs(counts: np.ndarray) -> int:
    return int((counts * (counts - 1) // 2).sum())


def measure(
    points: np.ndarray,
    labels: np.ndarray,
    distances: np.ndarray,
    centroids: np.ndarray,
    sample: np.ndarray,
) -> dict[str, float | None]:
    """Measure a clustering in its own space, except its stability.

    Parameters
    ----------
    points : numpy.ndarray, shape (n, m)
        In the fitted space.
    labels : numpy.ndarray of int, shape (n,)
        Row of the nearest centroid; none is empty.
    distances : numpy.ndarray, shape (n,)
        To that centroid.
    centroids : numpy.ndarray, shape (k, m)
        Centroids.
    sample : numpy.ndarray of int
        Rows that the silhouette is taken over.

    Returns
    -------
    dict of str to float or None
        ``METRICS``. `inertia` is the sum of squared distances. `separation` is the smallest
        distance between two centroids over the mean distance of a session to its own: above 2, the
        nearest two archetypes lie further apart than their average members reach. `stability` is
        still None. Nothing but the inertia is defined for one archetype, or for as many as there
        are sessions.

    References
    ----------
    Rousseeuw (1987) for the silhouette, Caliński and Harabasz (1974), Davies and Bouldin (1979),
    all as in ``sklearn.metrics``. `separation` is the index of Dunn (1974) with centroids and means
    in place of the extremes, which single sessions decide.
    """
    metrics: dict[str, float | None] = dict.fromkeys(METRICS)
    metrics["inertia"] = float(np.sum(distances * distances))
    k = len(centroids)
    if not 1 < k < len(points):
        return metrics
    metrics["calinski_harabasz"] = float(calinski_harabasz_score(points, labels))
    metrics["davies_bouldin"] = float(davies_bouldin_score(points, labels))
    metrics["silhouette"] = _silhouette(points[sample], labels[sample])
    between = centroid_distances(centroids, centroids)[np.triu_indices(k, 1)].min()
    within = distances.mean()
    metrics["separation"] = float(between / within) if within > 0 else None
    return {name: value if _is_finite(value) else None for name, value in metrics.items()}


def _silhouette(points: np.ndarray, labels: np.ndarray) -> float | None:
    is_defined = 1 < len(np.unique(labels)) < len(points)
    return float(silhouette_score(points, labels)) if is_defined else None


def _is_finite(value: float | None) -> bool:
    return value is not None and bool(np.isfinite(value))


def run_trials(
    session_ids: np.ndarray,
    vectors: np.ndarray,
    is_imputed: np.ndarray,
    training_hash: str,
    parameters: FitParameters,
) -> list[dict[str, object]]:
    """Try a grid of settings, and recommend one of those with the configured k.

    The grid is `trial_k` x scaler x `trial_components` x distance, the fit's own k and components
    among them. What cannot be fitted (k of n or more, more components than min(n, 30), fewer
    distinct vectors than k) is left out, and the recommendation says how many that were.

    A candidate has the configured k and distance, which say what an archetype is (the scaler and
    the components say how well it is seen); it gives every archetype at least max(2, 2 % of the
    sessions) members, and its components keep half of the variance or more. Of the candidates, the
    one of the highest score is recommended (see :func:`score_trial`); equal scores: the fit's own
    setting first, then scaler, components and distance in their order.

    Parameters
    ----------
    session_ids : numpy.ndarray of str, shape (n,)
        Ascending and unique.
    vectors : numpy.ndarray, shape (n, 30)
        In feature units, NaN where imputed.
    is_imputed : numpy.ndarray of bool, shape (n, 30)
        The mask.
    training_hash : str
        Of the training rows; part of a trial's id.
    parameters : FitParameters
        The choices of the fit.

    Returns
    -------
    list of dict
        Fields of ``TRIAL_TYPE``, by k, scaler, components and distance. Exactly one is recommended,
        unless nothing of the configured k can be fitted.
    """
    drawn = draw_rows(session_ids, parameters.trial_sample_max)
    rows = session_ids[drawn], vectors[drawn], is_imputed[drawn]
    settings, n_skipped = _grid(len(drawn), parameters)
    evaluations = evaluate(*rows, settings, parameters)
    fitted = {setting: found for setting, found in evaluations.items() if found is not None}
    n_skipped += len(evaluations) - len(fitted)
    chance = chance_silhouettes(*rows, list(fitted), parameters)
    trials = [
        _describe(setting, found, chance[setting], training_hash, parameters)
        for setting, found in fitted.items()
    ]
    return _recommend(trials, len(drawn), n_skipped, Setting.of(parameters))


def _grid(n_rows: int, parameters: FitParameters) -> tuple[list[Setting], int]:
    own = Setting.of(parameters)
    every = [
        Setting(*choice)
        for choice in product(
            sorted({*parameters.trial_k, parameters.k}),
            sorted(SCALERS),
            sorted({*parameters.trial_components, parameters.n_components}),
            sorted(DISTANCES),
        )
    ]
    most = min(n_rows, N_FEATURES)
    kept = [s for s in every if s == own or (s.k < n_rows and s.n_components <= most)]
    return kept, len(every) - len(kept)


def chance_silhouettes(
    session_ids: np.ndarray,
    vectors: np.ndarray,
    is_imputed: np.ndarray,
    settings: Sequence[Setting],
    parameters: FitParameters,
) -> dict[Setting, float]:
    """Measure the silhouette that each setting finds where there is nothing to find.

    Fewer dimensions give higher silhouettes to any data: on two components and the unit circle,
    noise alone reaches 0.57 for five archetypes of 44 sessions. So the same pipeline also clusters
    copies of the vectors in which each feature is shuffled on its own: the same values, and no
    session left in which they belong together.

    Parameters
    ----------
    session_ids : numpy.ndarray of str, shape (n,)
        Ascending and unique.
    vectors : numpy.ndarray, shape (n, 30)
        In feature units, NaN where imputed.
    is_imputed : numpy.ndarray of bool, shape (n, 30)
        The mask; it is shuffled with its feature.
    settings : sequence of Setting
        What to fit.
    parameters : FitParameters
        `n_references` copies are made, and fitted with `bootstrap_n_init` starts.

    Returns
    -------
    dict of Setting to float
        Mean over the copies; 0 without any, and where it is undefined.

    References
    ----------
    Horn (1965), A rationale and test for the number of factors in factor analysis, Psychometrika
    30, and Buja and Eyuboglu (1992), Remarks on parallel analysis, Multivariate Behavioral Research
    27, for shuffling; Tibshirani, Walther and Hastie (2001), Estimating the number of clusters in a
    data set via the gap statistic, JRSS B 63, for measuring clusters against a reference.
    """
    generator = np.random.default_rng((parameters.random_state, 1))
    sample = draw_rows(session_ids, parameters.metric_sample_max)
    silhouettes: dict[Setting, list[float]] = {setting: [] for setting in settings}
    with _on_one_thread():
        for _ in range(parameters.n_references):
            order = generator.permuted(np.tile(np.arange(len(vectors)), (N_FEATURES, 1)), axis=1).T
            shuffled = np.take_along_axis(vectors, order, axis=0)
            mask = np.take_along_axis(is_imputed, order, axis=0)
            for view, setting in _views(shuffled, mask, settings, parameters):
                value = _silhouette_of_refit(view, setting, sample, parameters)
                silhouettes[setting] += [] if value is None else [value]
    return {
        setting: float(np.mean(values)) if values else 0.0
        for setting, values in silhouettes.items()
    }


def _views(
    vectors: np.ndarray,
    is_imputed: np.ndarray,
    settings: Sequence[Setting],
    parameters: FitParameters,
) -> Iterator[tuple[_View, Setting]]:
    everything = np.arange(len(vectors))
    for shared, group in _by_scaler(settings, parameters):
        view = _View(vectors, is_imputed, everything, shared)
        yield from ((view, setting) for setting in group)


def _silhouette_of_refit(
    view: _View, setting: Setting, sample: np.ndarray, parameters: FitParameters
) -> float | None:
    points = view.points(setting.n_components, setting.distance)
    everything = np.arange(len(points))
    labels = _refit_labels(view, everything, setting, parameters)
    return _silhouette(points[sample], labels[sample])


def score_trial(
    silhouette: float | None, chance_silhouette: float, stability: float | None
) -> float | None:
    """Score a trial, for a choice among trials of one k.

    The mean of two figures (of the one, where the other is undefined) that are both 0 for groups
    that chance would give and 1 for perfect ones: the silhouette corrected for chance, ``(s - c) /
    (1 - c)``, which asks whether the groups are apart, and the stability, which asks whether other
    sessions of the same kind would have given the same groups. The silhouette as it is cannot be
    compared between spaces: it grows as components are left out, whether or not what is left means
    anything.

    Parameters
    ----------
    silhouette : float or None
        s, in the trial's own space.
    chance_silhouette : float
        c, as by :func:`chance_silhouettes`.
    stability : float or None
        Mean adjusted Rand index, corrected for chance by its definition.

    Returns
    -------
    float or None
        At most 1; None where neither figure is defined.

    References
    ----------
    Hubert and Arabie (1985), Comparing partitions, Journal of Classification 2, for the form of the
    correction.
    """
    figures = [] if stability is None else [stability]
    if silhouette is not None and chance_silhouette < 1:
        figures.append((silhouette - chance_silhouette) / (1 - chance_silhouette))
    return sum(figures) / len(figures) if figures else None


def _describe(
    setting: Setting,
    found: Evaluation,
    chance_silhouette: float,
    training_hash: str,
    parameters: FitParameters,
) -> dict[str, object]:
    measured_with = {name: getattr(parameters, name) for name in MEASURED_WITH}
    chosen = json.dumps(measured_with | asdict(setting), sort_keys=True)
    digest = hashlib.sha256(f"{chosen}\n{training_hash}".encode()).hexdigest()
    silhouette, stability = found.metrics["silhouette"], found.metrics["stability"]
    return {
        "trial_id": digest[:16],
        **asdict(setting),
        **found.metrics,
        "chance_silhouette": chance_silhouette,
        "explained_variance": _kept_variance(found.space),
        "score": score_trial(silhouette, chance_silhouette, stability),
        "smallest_size": int(found.sizes.min()),
        "largest_share": float(found.sizes.max() / len(found.labels)),
        "is_model": setting == Setting.of(parameters),
    }


def _kept_variance(space: Space) -> float:
    return float(space.explained_variance.sum()) if len(space.components) else 1.0


def _recommend(
    trials: Sequence[dict[str, object]], n_rows: int, n_skipped: int, own: Setting
) -> list[dict[str, object]]:
    flaws = {trial["trial_id"]: _flaw(trial, n_rows, own) for trial in trials}

    def worth(trial: dict[str, object]) -> tuple[bool, bool, float, bool]:
        score = -np.inf if trial["score"] is None else trial["score"]
        is_flawed = flaws[trial["trial_id"]] is not None
        return trial["distance"] != own.distance, is_flawed, -score, not trial["is_model"]

    ranked = []
    for _, same_k in groupby(trials, key=itemgetter("k")):
        by_worth = sorted(same_k, key=worth)
        ranked += [trial | {"rank": place} for place, trial in enumerate(by_worth, start=1)]
    rivals = [trial for trial in ranked if trial["k"] == own.k]
    n_candidates = sum(flaws[rival["trial_id"]] is None for rival in rivals)
    field = (
        f"Recommended: of {len(rivals)} trials with k = {own.k} on {n_rows} sessions, "
        f"{n_candidates} have no flaw; {'of these' if n_candidates else 'of all'}, this one has "
        "the highest score. "
        f"{len(trials)} combinations fitted, {n_skipped} could not be. "
    )
    told = []
    for trial in ranked:
        is_recommended = bool(rivals) and trial is rivals[0]
        flaw = flaws[trial["trial_id"]]
        words = [
            field if is_recommended else "",
            f"Rank {trial['rank']} of its k: {flaw}. " if flaw else "",
            _explain_score(trial),
        ]
        told.append(trial | {"is_recommended": is_recommended, "recommendation": "".join(words)})
    return sorted(told, key=itemgetter("k", "scaler", "n_components", "distance"))


def _flaw(trial: dict[str, object], n_rows: int, own: Setting) -> str | None:
    """Say what keeps a trial from being a candidate, if anything does."""
    least = max(SMALLEST_SIZE, math.ceil(n_rows * SMALLEST_PCT / 100))
    if trial["k"] != own.k:
        return f"k is {trial['k']}, not the configured {own.k}"
    if trial["distance"] != own.distance:
        return f"distance is {trial['distance']}, not the configured {own.distance}"
    if trial["smallest_size"] < least:
        return f"an archetype has {trial['smallest_size']} of {n_rows} sessions, below {least}"
    if trial["explained_variance"] < LEAST_VARIANCE:
        return (
            f"its components keep {100 * trial['explained_variance']:.0f} % of the variance, "
            f"below {100 * LEAST_VARIANCE:.0f} %"
        )
    return None


def _explain_score(trial: dict[str, object]) -> str:
    return (
        f"Score {_figure(trial['score'])}, the mean of stability {_figure(trial['stability'])} and "
        f"of silhouette {_figure(trial['silhouette'])} corrected for the "
        f"{_figure(trial['chance_silhouette'])} that chance gives."
    )


def _figure(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.3f}"
