"""Check JSON values against the project's own schemas, with messages of one line.

In these schemas the `description` of a field says what it may be, as the end of the sentence
"expected ...": it is what people read when a value is refused.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from importlib.resources import files

from jsonschema import Draft202012Validator, ValidationError

from archetype.durable import shown


@cache
def read_validator(name: str) -> Draft202012Validator:
    """Read a schema of this package.

    Parameters
    ----------
    name : str
        File name, as in ``session_fingerprint.schema.json``.

    Returns
    -------
    jsonschema.Draft202012Validator
        Its validator; the schema itself has been checked.
    """
    schema = json.loads(files(__package__).joinpath(name).read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def find_fault(name: str, value: object) -> str | None:
    """Find what is wrong with a value.

    Parameters
    ----------
    name : str
        File name of the schema.
    value : object
        As read from JSON.

    Returns
    -------
    str or None
        One line that names the field, what it is and what was expected: of the first field in
        the order of their names; None where the value is valid.
    """
    faults = read_validator(name).iter_errors(value)
    first = min(faults, key=_place, default=None)
    return None if first is None else _describe(first)


def _place(error: ValidationError) -> tuple[str, str]:
    return error.json_path, error.validator


def _describe(error: ValidationError) -> str:
    field = _field(error.absolute_path) or "the whole"
    inside = f"{field}." if error.absolute_path else ""
    if error.validator == "required":
        missing = next(name for name in error.validator_value if name not in error.instance)
        expected = error.schema["properties"][missing].get("description", "a value")
        return f"{inside}{missing} is missing; expected {expected}"
    if error.validator == "additionalProperties" and error.validator_value is False:
        known = error.schema["properties"]
        unknown = min(name for name in error.instance if name not in known)
        return f"{inside}{_plain(unknown)} is unknown; expected one of {', '.join(known)}"
    expected = error.schema.get("description", error.message)
    return f"{field} is {shown(error.instance)}; expected {expected}"


def _field(path: Iterable[str | int]) -> str:
    parts = [f"[{part}]" if isinstance(part, int) else f".{_plain(part)}" for part in path]
    return "".join(parts).removeprefix(".")


def _plain(name: str) -> str:
    return name if name.isidentifier() else shown(name)
