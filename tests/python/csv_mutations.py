"""Garbage made of good CSV files: cells, headers, quotes, delimiters and line ends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from random import Random

from mutations import ANY_TEXT, INSTANTS, NUMBERS, RAW, Mutation


def edit_cells(change_rows: Callable, content: bytes, random: Random) -> bytes:
    """Change the cells of a plain CSV file, whose first row is its header."""
    rows = [line.split(",") for line in content.decode().splitlines()]
    changed = change_rows(rows, random)
    lines = [",".join(row) for row in (rows if changed is None else changed)]
    return "".join(f"{line}\n" for line in lines).encode()


def set_cells(column: int | None, values: Sequence, rows: list[list[str]], random: Random) -> None:
    share = random.choice((0.1, 1))
    for row in rows[1:]:
        if random.random() <= share:
            place = random.randrange(len(row)) if column is None else column % len(row)
            row[place] = str(random.choice(values))


def change_width(rows: list[list[str]], random: Random) -> None:
    for row in rows[random.choice((0, 1)) :]:
        if random.random() < 0.2:
            row[:] = random.choice((row[:0], row[:1], row[:-1], [*row, ""], [*row, "more", "x"]))


def swap_columns(rows: list[list[str]], random: Random) -> None:
    order = random.sample(range(len(rows[0])), len(rows[0]))
    for row in rows[random.choice((0, 1)) :]:
        row[:] = [row[place] for place in order]


def change_header(rows: list[list[str]], random: Random) -> list[list[str]]:
    names = rows[0]
    header = random.choice(
        (
            [*names[:-1], names[0]],
            [name.upper() for name in names],
            [f' "{name}" ' for name in names],
            [*names[:-1], ""],
            [*names[:-1], "raw_file_path"],
            [f'"{names[0]}\nx"', *names[1:]],
            ["x" * 100_000, *names[1:]],
            ["'; drop table x; --", *names[1:]],
            ["{{ 1 / 0 }}", *names],
            ["1"] * len(names),
        )
    )
    return [header, *rows[1:]]


def widen(count: int, rows: list[list[str]], random: Random) -> None:
    for number, row in enumerate(rows):
        row.extend([f"c{place}" if number == 0 else "" for place in range(count)])


def quote_badly(content: bytes, random: Random) -> bytes:
    lines = content.split(b"\n")
    place = random.randrange(len(lines))
    lines[place] = random.choice((b'"', b'""', b'a"b', b'"a"b')) + lines[place]
    return b"\n".join(lines)


def mix_line_ends(content: bytes, random: Random) -> bytes:
    ends = random.choice(((b"\n", b"\r\n"), (b"\r",), (b"\r\n", b"\r", b"\n"), (b"\n\n", b"\n")))
    return b"".join(line + random.choice(ends) for line in content.splitlines())


def mix_delimiters(content: bytes, random: Random) -> bytes:
    lines = content.splitlines()
    signs = (b";", b"\t", b"|", b":", b"\xc2\xa6")
    return b"\n".join(
        line.replace(b",", random.choice(signs)) if random.random() < 0.3 else line
        for line in lines
    )


def long_field(n_bytes: int, rows: list[list[str]], random: Random) -> None:
    cell = random.choice(("x" * n_bytes, '"' + "y" * n_bytes + '"'))
    random.choice(rows)[random.randrange(4)] = cell


def table(kind: str, function: Callable, *arguments: object) -> Mutation:
    return Mutation(kind, partial(edit_cells, partial(function, *arguments)))


CELLS = ("", " ", "*", "null", "true", "[1]", "{}", "0", "-1", "'", "é", "x" * 5000, "\\N")

NUMERALS = (
    *(value for value in NUMBERS if value not in RAW),
    *("1e400", "9" * 400, "1e15", "-1e9", "1e9", "0.0004"),
)

SALES_CSV = (
    *ANY_TEXT,
    Mutation(
        "only_a_header",
        lambda content, random: content.splitlines()[0] + random.choice((b"", b"\n")),
    ),
    Mutation("no_header", lambda content, random: content.split(b"\n", 1)[1]),
    *(table("wrong_type", set_cells, column, CELLS) for column in range(5)),
    table("wrong_type", set_cells, None, CELLS),
    *[table("odd_number", set_cells, column, NUMERALS) for column in (3, 4)] * 2,
    *[table("odd_date", set_cells, 2, INSTANTS)] * 3,
    *[table("odd_width", change_width)] * 3,
    *[table("swapped_columns", swap_columns)] * 3,
    *[table("odd_header", change_header)] * 8,
    table("many_columns", widen, 10_000),
    *[Mutation("unclosed_quote", quote_badly)] * 4,
    *[Mutation("line_ends", mix_line_ends)] * 3,
    *[Mutation("delimiters", mix_delimiters)] * 2,
    table("long_line", long_field, 3_000_000),
    Mutation("repeated_rows", lambda content, random: content + content.split(b"\n", 1)[1] * 20),
)
