"""Scoring in SQL: macros that match a vector with the model in force, in any DuckDB client.

The macros hold the model's numbers as literals. A macro that reads a table finds it only where the
published file is the current database: called as ``published.archetype_of(...)`` from another, it
fails, or reads a table of the caller's that has that name. For the same reason no macro calls
another.

The arithmetic is that of :mod:`archetype.sessions.space` and :mod:`archetype.sessions.match`, step
by step and in its order, so that results are the same to the last bit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from archetype.publish import Macro
from archetype.sessions.features import FEATURE_NAMES, N_FEATURES
from archetype.sessions.match import read_space
from archetype.sessions.space import Space

# Known vectors per slot of the table that their imputed features are looked up in: a query copies
# all slots every 2,048 rows, and searches one of them for each row.
KNOWN_PER_SLOT = 16

# In place of imputed features where a vector alone does not tell them.
AMBIGUOUS = -1

ARGUMENTS = (
    "(vector): the 30 features in the order of session_fingerprints.feature_vector, null where one "
    "is unknown; a vector of that table is known with its imputed features. (vector, "
    "imputed_features): a vector and the names of its imputed features, and nothing is looked up."
)


def scoring_macros(
    models: pa.Table, archetypes: pa.Table, fingerprints: duckdb.DuckDBPyRelation
) -> list[Macro]:
    """Write the macros that score a vector as the model in force does.

    Parameters
    ----------
    models, archetypes : pyarrow.Table
        Every version, and every version's archetypes.
    fingerprints : duckdb.DuckDBPyRelation
        Columns feature_vector, imputed_features and checkpoint_pct of the vectors to be known.

    Returns
    -------
    list of Macro
        ``archetype_of``, ``archetype_distances`` and ``archetype_confidence``, each for a vector
        alone and for a vector with the names of its imputed features. None without a model.
    """
    champion = models.filter(pc.equal(models["status"], "champion"))
    if champion.num_rows == 0:
        return []
    version = champion["model_version"][0].as_py()
    own = archetypes.filter(pc.equal(archetypes["model_version"], version)).sort_by("archetype_id")
    ids = own["archetype_id"].to_pylist()
    centroids = np.array(own["centroid"].to_pylist(), dtype=float)
    distances = _distances(read_space(champion), centroids)
    known_vectors = find_known_vectors(fingerprints)

    def macro(name: str, meaning: str, result: str) -> Macro:
        scored = _let(distances, "distances", result)
        alone = _checked(name, *_looked_up("vector", known_vectors), scored)
        given = {"names": "cast(imputed_features as varchar[])"}
        named = _checked(name, given, _imputed_bits("given['names']"), scored)
        definition = f"(vector) as {alone}, (vector, imputed_features) as {named}"
        return Macro(name, definition, f"{meaning} Model {version}. {ARGUMENTS}")

    return [
        macro(
            "archetype_of",
            "Id of the archetype that is nearest to a vector.",
            f"{_list(map(str, ids))}[list_position(distances, list_min(distances))]",
        ),
        macro(
            "archetype_distances",
            f"Distances of a vector to all archetypes in the order of their ids, {ids}.",
            "distances",
        ),
        macro(
            "archetype_confidence",
            "Inverse distance of the nearest archetype over the sum of all inverse distances, "
            "above 0 and up to 1; not a probability.",
            _let("list_min(distances)", "nearest", _confidence(len(ids))),
        ),
    ]


def find_known_vectors(fingerprints: duckdb.DuckDBPyRelation) -> dict[int, int]:
    """Find the vectors of which something is imputed.

    What stands in place of an imputed feature looks like a value, so that only knowing the vector
    tells.

    Parameters
    ----------
    fingerprints : duckdb.DuckDBPyRelation
        Columns feature_vector (30 numbers), imputed_features (their names) and checkpoint_pct.

    Returns
    -------
    dict of int to int
        The imputed features of each vector as a sum of bits (1 for the first feature, 2 for the
        second, 4 for the third), by the vector's key in ascending order. Of several checkpoints
        with one vector the latest counts; `AMBIGUOUS` where its sessions differ.
    """
    bits = _imputed_bits("imputed_features")
    only = f"case when min(bits) = max(bits) then min(bits) else {AMBIGUOUS} end"
    keyed = fingerprints.project(
        f"{_key('feature_vector')} as vector_key, {bits} as bits, checkpoint_pct"
    )
    at_checkpoint = keyed.aggregate(f"vector_key, checkpoint_pct, {only} as bits")
    latest = at_checkpoint.aggregate("vector_key, arg_max(bits, checkpoint_pct) as bits")
    return dict(latest.filter("bits <> 0").order("vector_key").fetchall())


def _key(vector: str) -> str:
    """Give a number for a vector's text, which all versions of DuckDB write alike.

    Adding 0 makes all zeros alike: not every copy of a table keeps their sign.
    """
    zeros_alike = f"list_transform(cast({vector} as double[]), lambda x: x + 0e0)"
    return f"md5_number_lower(to_json({zeros_alike}))"


def _imputed_bits(names: str) -> str:
    """Turn names of imputed features into bits."""
    known = _list(f"'{name}'" for name in FEATURE_NAMES)
    return f"""list_reduce(list_transform({names}, lambda name: case
        when list_contains({known}, name) then 1 << (list_position({known}, name) - 1)
        else error('imputed_features: ' || coalesce(name, 'null') || ' is none of the features')
    end), lambda bits, bit: bits | bit, 0)"""


def _looked_up(vector: str, known_vectors: dict[int, int]) -> tuple[dict[str, str], str]:
    """Look the imputed features of a vector up; 0 for one that is not known.

    The known vectors are a hash table whose slots are texts. Of DuckDB's constants that is the one
    which is neither searched from end to end nor copied in depth, as long as no lambda holds it.

    Returns
    -------
    given : dict of str to str
        Fields that `imputed` reads, to be computed outside any lambda.
    imputed : str
        The imputed features as bits.
    """
    if not known_vectors:
        return {}, "0"
    slots = [""] * -(-len(known_vectors) // KNOWN_PER_SLOT)
    for key, bits in known_vectors.items():
        slots[key % len(slots)] += f" {key}:{bits}"
    table = _list(f"'{slot}'" for slot in slots)
    key = _key(vector)
    given = {"key": key, "slot": f"{table}[cast({key} % {len(slots)} as bigint) + 1]"}
    found = "split_part(split_part(given['slot'], ' ' || given['key'] || ':', 2), ' ', 1)"
    return given, f"coalesce(try_cast({found} as integer), 0)"


def _checked(name: str, given: dict[str, str], imputed: str, scored: str) -> str:
    """Check a macro's arguments, make null of what is imputed, and score the ``features``.

    An argument is put in place of its parameter as it is written. So no parameter stands within a
    lambda, whose variable could be taken for a column of the argument. Fields are read by brackets:
    with a point, DuckDB takes them for columns in a ``having``.
    """
    arguments = {"vector": "cast(vector as double[])"} | given
    fields = ", ".join(f"{field}: {value}" for field, value in arguments.items())
    features = """case when imputed = 0 then given['vector'] else list_transform(
        given['vector'], lambda x, i: case when imputed & (1 << (i - 1)) = 0 then x end
    ) end"""
    finite = f"""case
        when not (isfinite(list_min(features)) and isfinite(list_max(features))) then error(
            '{name}: the vector holds ' || list_filter(features, lambda x: not isfinite(x))[1]
            || ', expected finite numbers, or null where a feature is unknown'
        )
        else {scored}
    end"""
    unambiguous = f"""case
        when imputed is null then null
        when imputed = {AMBIGUOUS} then error(
            '{name}: sessions with this vector differ in what was imputed; '
            || 'expected imputed_features as a second argument'
        )
        else {_let(features, "features", finite)}
    end"""
    whole = f"""case
        when given['vector'] is null then null
        when len(given['vector']) <> {N_FEATURES} then error(
            '{name}: the vector has ' || len(given['vector']) || ' entries, expected {N_FEATURES}'
        )
        else {_let(imputed, "imputed", unambiguous)}
    end"""
    return _let(f"{{{fields}}}", "given", whole)


def _distances(space: Space, centroids: np.ndarray) -> str:
    """Measure the distances of ``features``, as ``match.centroid_distances`` does."""
    of_centroids = [_length(_each("point", "-", centroid)) for centroid in centroids]
    return _let(_point(space, centroids.shape[1]), "point", _list(of_centroids))


def _point(space: Space, width: int) -> str:
    """Bring ``features`` into a space, as ``space.transform`` does."""
    point = _scaled(space)
    if len(space.components):
        about_mean = _row(_each("scaled", "-", space.mean))
        projected = _row(_sum(_each("about_mean", "*", axis)) for axis in space.components)
        point = _let(_let(point, "scaled", about_mean), "about_mean", projected)
    if space.distance == "cosine":
        axes = [f"projected[{axis}]" for axis in range(1, width + 1)]
        on_sphere = _row(f"{axis} / length" for axis in axes)
        divided = _let("case when length > 0 then length else 1e0 end", "length", on_sphere)
        point = _let(point, "projected", _let(_length(axes), "length", divided))
    return point


def _scaled(space: Space) -> str:
    """Scale and clip ``features``, as ``space.scale_vectors`` does; null lies at the centre."""
    low, high = _number(-space.clip), _number(space.clip)
    return _row(
        f"greatest({low}, least({high}, "
        f"coalesce((features[{feature}] - {_number(centre)}) / {_number(scale)}, 0e0)))"
        for feature, (centre, scale) in enumerate(zip(space.centre, space.scale, strict=True), 1)
    )


def _confidence(k: int) -> str:
    """Weigh the nearest archetype, as ``match.inverse_distance_confidence`` does."""
    weights = _sum(f"nearest / distances[{column}]" for column in range(1, k + 1))
    return f"case when nearest > 0 then 1e0 / ({weights}) else 1e0 end"


def _let(value: str, name: str, body: str) -> str:
    """Name a value within an expression, so that it is computed once."""
    return f"list_transform([{value}], lambda {name}: {body})[1]"


def _row(values: Iterable[str]) -> str:
    """Join values as a list would, but a row's fields are read at no cost."""
    return f"row({', '.join(values)})"


def _each(name: str, operator: str, values: np.ndarray) -> list[str]:
    """Combine every field of a row with its number."""
    return [f"{name}[{field}] {operator} {_number(value)}" for field, value in enumerate(values, 1)]


def _length(axes: Sequence[str]) -> str:
    return f"sqrt({_sum(f'({axis}) * ({axis})' for axis in axes)})"


def _sum(terms: Iterable[str]) -> str:
    return " + ".join(("0e0", *terms))


def _list(entries: Iterable[str]) -> str:
    return f"[{', '.join(entries)}]"


def _number(value: float) -> str:
    """Write a double that is read back bit for bit; without an exponent it would be a decimal."""
    text = repr(float(value))
    return text if "e" in text else f"{text}e0"
