"""The space in which candidates are looked for: what happened, not when or for how long.

Matching asks how far a report lies from a pattern, and whitens by how curves of one pattern differ;
see :mod:`archetype.sales.library`. That is no ruler for what resembles no pattern: the profile, in
which named patterns hardly differ within, is another in each report of one that goes up and down.
Here every component is in deviations over all example curves, and weighed. The twelve points of the
profile are one curve and count as one component. Hour, weekend and duration say when and for how
long and count nothing, or a pattern that recurs at other hours and in other lengths would be
several. The place of the largest tick is chance in a curve with several and counts half.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from archetype.sales.features import FEATURE_NAMES

# Deviations beyond which a component says no more.
CLIP = 3.0

PROFILE_WEIGHT = 12**-0.5
_WEIGHTS = {
    "peak_position": 0.5,
    "log_duration": 0.0,
    "hour_sin": 0.0,
    "hour_cos": 0.0,
    "weekend_share": 0.0,
}
WEIGHTS = np.array(
    [
        PROFILE_WEIGHT if name.startswith("profile_") else _WEIGHTS.get(name, 1.0)
        for name in FEATURE_NAMES
    ]
)


@dataclass(frozen=True, eq=False)
class Space:
    """A space, measured on example curves. Arrays are read only by convention.

    Parameters
    ----------
    centre, scale : numpy.ndarray, shape (26,)
        Mean and population deviation of each component; no scale is 0.
    """

    centre: np.ndarray
    scale: np.ndarray


def fit_space(vectors: np.ndarray) -> Space:
    """Measure the space on the vectors of example curves.

    Parameters
    ----------
    vectors : numpy.ndarray, shape (n, 26)
        At least one, in a total order: the last bits of a mean depend on it.

    Returns
    -------
    Space
        A component that does not vary has the scale 1.
    """
    scale = vectors.std(axis=0)
    return Space(centre=vectors.mean(axis=0), scale=np.where(scale > 0, scale, 1.0))


def to_points(space: Space, vectors: np.ndarray) -> np.ndarray:
    """Bring vectors into the space.

    Parameters
    ----------
    space : Space
        The space.
    vectors : numpy.ndarray, shape (n, 26)
        Vectors of anomalies or of example curves.

    Returns
    -------
    numpy.ndarray, shape (n, 26)
        Each row is, bit for bit, the same in any company.
    """
    return np.clip((vectors - space.centre) / space.scale, -CLIP, CLIP) * WEIGHTS
