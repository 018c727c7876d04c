"""Garbage made of good files: every mutation is a pure function of bytes and a generator.

`ANY_TEXT` and `SESSION_JSON` list mutations, as `csv_mutations` and `parquet_mutations` do for
their formats; `spoil` draws from a list, each mutation about equally often.
"""

from __future__ import annotations

import codecs
import gzip
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from random import Random

Spoiler = Callable[[bytes, Random], bytes]

METADATA = (
    "symbol",
    "session_type",
    "session_date",
    "date",
    "session_start",
    "start_time",
    "session_end",
    "session_duration",
    "timezone",
)
EVENT = (
    "timestamp",
    "type",
    "event_type",
    "movement_type",
    "action",
    "original_type",
    "event_family",
    "structural_role",
    "price_level",
    "price",
    "absolute_price",
    "magnitude",
    "archaeological_significance",
    "htf_regime",
    "htf_confluence",
)
LISTS = ("events", "price_movements", "session_liquidity_events")

# What json.dumps cannot write stands in for itself until the text is there.
RAW = {
    "@huge@": "1e400",
    "@minus_huge@": "-1e400",
    "@tiny@": "1e-400",
    "@surrogate@": '"\\ud800"',
    "@nul@": '"a\\u0000b"',
    "@deep@": "[" * 1000 + "]" * 1000,
    "@deep_object@": '{"a":' * 1000 + "1" + "}" * 1000,
    "@deeper@": "[" * 100_000 + "]" * 100_000,
}
DEEP = ("@deep@", "@deep_object@", "@deeper@")
NUMBERS = (
    float("nan"),
    float("inf"),
    float("-inf"),
    "@huge@",
    "@minus_huge@",
    "@tiny@",
    10**30,
    -(10**30),
    1e308,
    -1e308,
    1e99,
    5e-324,
    -0.0,
    2**63,
    2**53 + 1,
    "NaN",
    "-Infinity",
    "1e400",
    "0x10",
    "1_000",
    "1,5",
    "١٢",
)
INSTANTS = (
    "0000-01-01",
    "0001-01-01",
    "0000-00-00T00:00:00",
    "0000-01-01T00:00:00Z",
    "9999-12-31",
    "9999-12-31T23:59:59Z",
    "9999-12-31T23:59:59-14:00",
    "10000-01-01",
    "294247-01-10T04:00:54Z",
    "290309-12-22 (BC) 00:00:00",
    "-0044-03-15",
    "2025-02-30T10:00:00",
    "2025-06-01T10:00:00+99:99",
    "2025-06-01T10:00:00+00:00:00.5",
    "2025-06-01T24:00:00",
    "2025-06-01T23:59:60Z",
    "2025-06-01T10:00:00 Mars/Olympus",
    "24:00:00",
    "99:99:99",
    "-1:00:00",
    "10:00:00.123456789123",
    "infinity",
    "epoch",
    "now",
    "",
    " ",
)
WRONG = (None, True, 7, -1.5, "", " ", "x" * 5000, [], {}, [1, [2]], {"deep": {"a": 1}}, "@nul@")


@dataclass(frozen=True)
class Mutation:
    """What is done to a good file.

    Parameters
    ----------
    kind : str
        What sort of damage it is; outcomes are counted by kind.
    apply : callable
        Gives the damaged bytes; its generator decides what the mutation leaves open.
    """

    kind: str
    apply: Spoiler


@dataclass(frozen=True)
class Garbage:
    """A damaged file."""

    kind: str
    name: str
    content: bytes


def spoil(
    mutations: Sequence[Mutation], sources: Sequence[bytes], count: int, seed: int, stem: str
) -> list[Garbage]:
    """Damage good files.

    Parameters
    ----------
    mutations : sequence of Mutation
        Taken in turns.
    sources : sequence of bytes
        The good files; the n-th piece is made of the n-th, again from the first after the last.
    count, seed : int
        How many pieces, and which: the same seed gives the same bytes.
    stem : str
        With what their names begin; the name tells how to make one alone.

    Returns
    -------
    list of Garbage
        The damaged files.
    """
    pieces = []
    for number in range(count):
        mutation = mutations[number % len(mutations)]
        random = Random(f"{stem}/{seed}/{number}")
        content = mutation.apply(sources[number % len(sources)], random)
        pieces.append(Garbage(mutation.kind, f"{stem}_{seed}_{number:05}", content))
    return pieces


# --- any text ---------------------------------------------------------------------------------


def truncate(content: bytes, random: Random) -> bytes:
    return content[: random.randrange(len(content))]


def flip_bits(content: bytes, random: Random) -> bytes:
    spoilt = bytearray(content)
    for _ in range(random.choice((1, 2, 8, 64))):
        spoilt[random.randrange(len(spoilt))] ^= 1 << random.randrange(8)
    return bytes(spoilt)


def insert(piece: Callable[[Random], bytes], content: bytes, random: Random) -> bytes:
    at = random.randrange(len(content) + 1)
    return content[:at] + piece(random) + content[at:]


def recode(encoding: str, mark: bytes, content: bytes, random: Random) -> bytes:
    text = content.decode().replace("g", random.choice(("g", "ç")))
    return mark + text.encode(encoding, errors="replace")


def move_block(content: bytes, random: Random) -> bytes:
    first, second = sorted(random.randrange(len(content) + 1) for _ in range(2))
    return content[second:] + content[first:second] + content[:first]


def repeat(content: bytes, random: Random) -> bytes:
    return random.choice((b"", b"\n", b"\n\n", b",")).join([content] * random.choice((2, 3)))


def compress(content: bytes, random: Random) -> bytes:
    return gzip.compress(content, random.choice((1, 9)), mtime=0)


ANY_TEXT = (
    Mutation("empty", lambda content, random: b""),
    Mutation(
        "blank", lambda content, random: random.choice((b" ", b"\n\n", b"\xef\xbb\xbf", b"\t "))
    ),
    Mutation("truncated", truncate),
    Mutation("bit_flipped", flip_bits),
    Mutation("null_bytes", partial(insert, lambda random: b"\x00" * random.choice((1, 4096)))),
    Mutation("control_bytes", partial(insert, lambda random: bytes([random.randrange(1, 32)]))),
    Mutation(
        "random_bytes", partial(insert, lambda random: random.randbytes(random.choice((1, 500))))
    ),
    Mutation(
        "invalid_utf8",
        partial(insert, lambda random: random.choice((b"\xff", b"\xc3(", b"\xed\xa0\x80"))),
    ),
    Mutation("utf16", partial(recode, "utf-16-le", codecs.BOM_UTF16_LE)),
    Mutation("utf16", partial(recode, "utf-16-be", codecs.BOM_UTF16_BE)),
    Mutation("utf16_without_mark", partial(recode, "utf-16-le", b"")),
    Mutation("utf32", partial(recode, "utf-32-le", codecs.BOM_UTF32_LE)),
    Mutation("latin1", partial(recode, "latin-1", b"")),
    Mutation("utf8_mark", partial(recode, "utf-8", codecs.BOM_UTF8)),
    Mutation("two_utf8_marks", partial(recode, "utf-8", codecs.BOM_UTF8 * 2)),
    Mutation("moved_block", move_block),
    Mutation("repeated", repeat),
    Mutation("compressed", compress),
    Mutation("noise", lambda content, random: random.randbytes(random.choice((3, 300, 30_000)))),
    Mutation("only_nulls", lambda content, random: b"\x00" * random.choice((1, 4096))),
)


# --- JSON -------------------------------------------------------------------------------------


def edit(change: Callable[[dict, Random], object], content: bytes, random: Random) -> bytes:
    """Change a document; the change may give another one."""
    document = json.loads(content)
    changed = change(document, random)
    text = json.dumps(document if changed is None else changed, ensure_ascii=False)
    for name, raw in RAW.items():
        text = text.replace(f'"{name}"', raw)
    return text.encode("utf-8", errors="surrogatepass")


def events_of(document: dict) -> list:
    return next(document[name] for name in LISTS if document.get(name))


def some_objects(document: dict, place: str, random: Random) -> list[dict]:
    """Give what a field may stand in: the document, its metadata, one event or all."""
    if place == "document":
        return [document]
    if place == "metadata":
        return [document["session_metadata"]]
    events = events_of(document)
    return random.choice((events, random.sample(events, 1)))


def put(place: str, field: str, values: Sequence, document: dict, random: Random) -> None:
    for one in some_objects(document, place, random):
        one[field] = random.choice(values)


def remove(document: dict, random: Random) -> None:
    place = random.choice(("document", "metadata", "event"))
    for one in some_objects(document, place, random):
        for name in random.sample(sorted(one), random.randint(1, len(one))):
            del one[name]


def swap_fields(document: dict, random: Random) -> None:
    place = random.choice(("metadata", "event"))
    for one in some_objects(document, place, random):
        names = sorted(one)
        values = [one[name] for name in names]
        random.shuffle(values)
        one.update(zip(names, values, strict=True))


def change_events(document: dict, random: Random) -> None:
    events = events_of(document)
    name = next(name for name in LISTS if document.get(name))
    document[name] = random.choice(
        (
            [*events, None, 7, "text", [], {}, [events[0]]],
            dict(enumerate(events)),
            [events],
            json.dumps(events),
            events * 200,
            events[:1] * 1000,
            [],
            None,
            [{}] * 50,
            [None] * 50,
            sorted(events, key=str),
        )
    )


def wrap(document: dict, random: Random) -> object:
    return random.choice(([document], {"data": document}, [document] * 2, json.dumps(document)))


def many_keys(count: int, document: dict, random: Random) -> None:
    place = random.choice(("document", "metadata", "event"))
    for one in some_objects(document, place, random)[:1]:
        one |= {f"column {number}": number for number in range(count)}


def odd_names(document: dict, random: Random) -> None:
    names = ("", "$", "a.b", "a b", "*", "'", 'q"', "\n", "é", "\\", "[0]", "x" * 10_000, "@nul@")
    for one in some_objects(document, random.choice(("document", "metadata", "event")), random):
        one |= dict.fromkeys(random.sample(names, 5), 1)


def duplicate_key(content: bytes, random: Random) -> bytes:
    """Write a key twice: at the top, in the metadata, or in an event; alike or not."""
    name = random.choice((*LISTS[:2], "session_metadata", *METADATA, *EVENT))
    value = random.choice(("null", "1", '"other"', "[]", "{}"))
    return content.replace(f'"{name}":'.encode(), f'"{name}": {value}, "{name}":'.encode())


def lines_of_json(content: bytes, random: Random) -> bytes:
    """Write the events one a line, as exports of event streams are."""
    return b"\n".join(json.dumps(event).encode() for event in events_of(json.loads(content)))


def spell(content: bytes, random: Random) -> bytes:
    """Write what JSON does not allow and other languages do."""
    old, new = random.choice(
        (
            (b'"', b"'"),
            (b"}", b",}"),
            (b"]", b",]"),
            (b":", b"="),
            (b"{", b"/* */ {"),
            (b",", b",\n\r\x0b"),
        )
    )
    return content.replace(old, new)


def one_line(n_bytes: int, document: dict, random: Random) -> None:
    place = random.choice(("document", "metadata", "event"))
    some_objects(document, place, random)[0]["note"] = "x" * n_bytes


def change(kind: str, function: Callable, *arguments: object) -> Mutation:
    return Mutation(kind, partial(edit, partial(function, *arguments)))


FIELDS = (
    *(("metadata", field) for field in METADATA),
    *(("event", field) for field in EVENT),
    *(("document", field) for field in (*LISTS, "session_metadata")),
)
TIMES = (("metadata", field) for field in METADATA[2:8])
AMOUNTS = (*EVENT[8:], "timestamp")

SESSION_JSON = (
    *ANY_TEXT,
    *(change("wrong_type", put, *field, WRONG) for field in FIELDS),
    *(change("nested_deep", put, *field, DEEP) for field in FIELDS[::3]),
    Mutation("nested_deep", lambda content, random: RAW[random.choice(DEEP)].encode()),
    Mutation("nested_deep", lambda content, random: b"[" * 5_000_000),
    Mutation("nested_deep", lambda content, random: b'{"events":[{"type":' * 200_000),
    *(change("odd_number", put, "event", field, NUMBERS) for field in AMOUNTS),
    change("odd_number", put, "metadata", "session_duration", NUMBERS),
    *(change("odd_date", put, *field, INSTANTS) for field in TIMES),
    change("odd_date", put, "event", "timestamp", INSTANTS),
    change(
        "odd_text", put, "metadata", "session_type", ("@surrogate@", "../../x", "'; drop", "%", "é")
    ),
    change(
        "odd_text", put, "metadata", "symbol", ("@nul@", "/", "x" * 1_000_000, "\\", "\uff2e\uff31")
    ),
    change(
        "odd_text", put, "event", "type", ("@surrogate@", "\u202e", "'", "x" * 1_000_000, "\ufeff")
    ),
    change("missing_fields", remove),
    change("swapped_fields", swap_fields),
    *[change("spoilt_events", change_events)] * 4,
    change("wrapped", wrap),
    change("many_columns", many_keys, 10_000),
    change("odd_names", odd_names),
    *[Mutation("duplicate_keys", duplicate_key)] * 4,
    Mutation("lines_of_json", lines_of_json),
    *[Mutation("misspelt", spell)] * 2,
    change("long_line", one_line, 2_000_000),
)
