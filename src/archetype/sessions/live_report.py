"""How a live call is told: in a few lines to a person, as a sidecar to a program."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from archetype.sessions.features import N_FEATURES
from archetype.sessions.live import ALL_SEEN, LiveCall
from archetype.sessions.live_sql import LiveError
from archetype.sessions.sidecar import artifact_path, make_sidecar

# From this confidence on, in words.
_SURENESS = ((0.9, "very likely"), (0.7, "likely"), (0.5, "more likely than not"), (0.0, "a guess"))
_N_PROBABILITIES = 3
# Confidences that were fitted to how often such calls hold.
_CALIBRATED = ("temperature", "isotonic")


def report_call(call: LiveCall) -> Iterator[str]:
    """Tell a call to a person.

    Parameters
    ----------
    call : LiveCall
        The call.

    Yields
    ------
    str
        Lines of a screen.
    """
    seen, setting = call.seen, call.setting
    yield (
        f"{seen.session_id}, seen to {seen.checkpoint_pct} % ({seen.n_events} events, up to "
        f"{seen.as_of_at:%Y-%m-%d %H:%M:%S} UTC)"
    )
    yield f"archetype      {call.archetype_id}: {call.archetype['archetype_label']}"
    yield f"confidence     {call.confidence:.2f}, {_meaning(call)}"
    method = f"{setting.caller}, {setting.metric}, {setting.confidence_method}, {setting.scaler}"
    yield f"distance       {call.distance:.3f} ({method})"
    yield f"probabilities  {_probabilities(call)}"
    yield f"such sessions  {_stats(call)}"
    yield f"imputed        {_imputed(call)}"
    yield f"model          {call.model_version}" + (
        f", callers {call.caller_version}" if call.caller_version else ""
    )
    for note in call.notes:
        yield f"note           {note}"


def _meaning(call: LiveCall) -> str:
    if call.seen.checkpoint_pct == ALL_SEEN:
        alike = 1 / len(call.archetype_ids)
        return f"a weight by inverse distance, no probability: {alike:.2f} where all are as near"
    word = next(word for least, word in _SURENESS if call.confidence >= least)
    if call.setting.confidence_method not in _CALIBRATED:
        return f"{word}, not calibrated: session_early_call_reliability says what it is worth"
    return f"{word}: of 100 such calls, about {100 * call.confidence:.0f} should hold"


def _probabilities(call: LiveCall) -> str:
    # Of several that are as probable, the lowest id comes first, as in the call.
    order = np.argsort(-call.probabilities, kind="stable")[:_N_PROBABILITIES]
    return ", ".join(f"{call.archetype_ids[i]}: {call.probabilities[i]:.2f}" for i in order)


def _stats(call: LiveCall) -> str:
    row = call.archetype
    spread = "none" if row["range_p50"] is None else f"{100 * row['range_p50']:.2f} % of the price"
    types = sorted(session_type_shares(call).items(), key=lambda pair: (-pair[1], pair[0]))
    return (
        f"volatility {row['volatility_class']}, median range {spread}, "
        f"regime {row['dominant_htf_regime']}; {', '.join(row['top_phases']) or 'no phase'}; "
        + ", ".join(f"{name} {100 * share:.0f} %" for name, share in types[:_N_PROBABILITIES])
    )


def _imputed(call: LiveCall) -> str:
    names = call.seen.imputed_features
    return f"{len(names)} of {N_FEATURES}: {', '.join(names)}" if names else "nothing"


def session_type_shares(call: LiveCall) -> dict[str, float]:
    """Give the shares of session types among the sessions of the called archetype.

    Parameters
    ----------
    call : LiveCall
        The call.

    Returns
    -------
    dict of str to float
        They add up to 1.
    """
    counts = {row["session_type"]: row["sessions"] for row in call.archetype["session_types"]}
    total = sum(counts.values())
    return {name: count / total for name, count in counts.items()}


def sidecar_of(call: LiveCall) -> dict[str, object]:
    """Make the sidecar of a live call.

    Parameters
    ----------
    call : LiveCall
        The call.

    Returns
    -------
    dict
        Valid against the schema.

    Raises
    ------
    ValueError
        It is not, as where the session's id is no plain name.
    """
    seen, row = call.seen, call.archetype
    imputed = seen.imputed_features
    notes = [f"Imputed: {', '.join(imputed)}."] if imputed else []
    return make_sidecar(
        session_id=seen.session_id,
        session_on=seen.session_on,
        checkpoint_pct=seen.checkpoint_pct,
        archetype_id=call.archetype_id,
        confidence=call.confidence,
        volatility_class=row["volatility_class"],
        range_p50=row["range_p50"],
        dominant_htf_regime=row["dominant_htf_regime"],
        top_phases=row["top_phases"],
        session_type_probabilities=session_type_shares(call),
        artifact_path=artifact_path(call.version_number),
        distance=call.distance,
        metric=call.setting.metric,
        confidence_method=call.setting.confidence_method,
        model_version=call.model_version,
        as_of_at=seen.as_of_at,
        notes=" ".join([*notes, *call.notes]),
        caller=call.setting.caller,
        caller_version=call.caller_version,
    )


def read_run_id(project: Path) -> str:
    """Read the name of the run from the seed run_config.

    Parameters
    ----------
    project : pathlib.Path
        The project's root.

    Returns
    -------
    str
        As sidecars of a build are filed by.

    Raises
    ------
    LiveError
        The seed is not there or names no run.
    """
    path = project / "seeds" / "run_config.csv"
    try:
        with path.open(newline="") as file:
            return next(csv.DictReader(file))["run_id"]
    except (OSError, StopIteration, KeyError) as error:
        raise LiveError(f"{path} names no run_id: a sidecar is filed by it.") from error
