"""Filled workbooks broken cell by cell, and file by file inside the archive that they are."""

from __future__ import annotations

import functools
import io
import random
import re
import zipfile

from openpyxl import load_workbook

from simulator.intake.layout import AGES, FIGURES, PLACE, TARGETS, sheet_name
from simulator.intake.template import template

#: What may stand in a cell: text, numbers, formulas, dates, answers, nothing.
_CELLS: tuple[object, ...] = (
    None, "", " ", 0, -1, 1e308, 10**20, 0.436, 43.6, True, "四成", "４３", "=1+1", "=A1",
    "=HYPERLINK(\"x\")", "+1", "@x", "#DIV/0!", "#REF!", "常住人口", "城镇人口", "户籍人口", "万人",
    "%", "人", "基年", "历史", "≥", "≤", "约",
    "x" * 3000, "a\nb", "{x}", "'", '"', ",", "2022年",
    2022, 2010, 1949, 2101, 2022.5, "\u202e", "县", "town", "村", "../x", "null", "~", "a: b",
    "- x",
)  # fmt: skip
_VALUE = re.compile(rb"<v>[^<]*</v>|<t[^>]*>[^<]*</t>|t=\"\w+\"|r=\"[A-Z]+\d+\"|s=\"\d+\"")
_XML: tuple[bytes, ...] = (
    b"<v>1e999</v>", b"<v>-1</v>", b"<v>nan</v>", b"<v></v>", b"<v>x</v>", b"<v>99999999</v>",
    b"<v>\xff</v>", b"<v>&laugh;</v>", b"<t>&#0;</t>", b"<t></t>", b"<f>1+1</f>", b't="s"',
    b't="d"',
    b't="b"', b't="e"', b't="n"', b't="x"', b'r="ZZZ1"', b'r="A1"', b'r="A9999999"', b'r=""',
    b's="99999"', b's="-1"', b"<v>1</v></c><c>",
)  # fmt: skip


@functools.cache
def filled() -> bytes:
    """A template filled in well, its ages too."""
    book = load_workbook(io.BytesIO(template("zh")))
    place, figures, ages, targets = (
        book[sheet_name(s, "zh")] for s in (PLACE, FIGURES, AGES, TARGETS)
    )
    for row, value in ((1, "小县"), (3, "xiaoxian"), (5, "四川省"), (8, 2022)):
        place.cell(row, 2, value)
    for i, values in enumerate(
        (("常住人口", 2022, 90, "万人"), ("常住人口城镇化率", 2022, 43.6, "%"))
    ):
        for j, value in enumerate(values, 1):
            figures.cell(i + 2, j, value)
    for j, value in enumerate(("常住人口城镇化率", 2025, "≥", 48, "%", 2022, 43.6), 1):
        targets.cell(2, j, value)
    for row in range(2, ages.max_row + 1):
        ages.cell(row, 1, 2022)
        ages.cell(row, 5, 20_000)
    return _saved(book)


def _saved(book: object) -> bytes:
    stream = io.BytesIO()
    book.save(stream)  # type: ignore[attr-defined]
    return stream.getvalue()


def cells(rng: random.Random) -> bytes:
    """A few cells of any sheet by others."""
    book = load_workbook(io.BytesIO(filled()))
    for _ in range(rng.randint(1, 4)):
        page = book[sheet_name(rng.choice((PLACE, PLACE, FIGURES, FIGURES, AGES, TARGETS)), "zh")]
        cell = page.cell(rng.randint(1, 9), rng.randint(1, 8))
        cell.value = rng.choice(_CELLS)  # type: ignore[assignment]
        if rng.random() < 0.2:
            cell.number_format = rng.choice(("0.0%", "yyyy-mm-dd", "@", "General"))
    if rng.random() < 0.2:
        del book[rng.choice(book.sheetnames)]
    return _saved(book)


def parts(rng: random.Random) -> bytes:
    """A file of the archive changed, emptied or left out."""
    stream, how = io.BytesIO(), rng.randrange(8)
    with zipfile.ZipFile(io.BytesIO(filled())) as old, zipfile.ZipFile(stream, "w") as new:
        names = old.namelist()
        chosen = rng.choice([n for n in names if "sheet" in n] if how < 6 else names)
        for name in names:
            data = old.read(name)
            if name == chosen:
                data = _changed(rng, data)
            if name != chosen or how != 7:
                new.writestr(name, data, zipfile.ZIP_DEFLATED)
    return stream.getvalue()


def _changed(rng: random.Random, data: bytes) -> bytes:
    if rng.random() < 0.7:
        found = list(_VALUE.finditer(data))
        for match in sorted(rng.sample(found, min(3, len(found))), key=lambda m: -m.start()):
            data = data[: match.start()] + rng.choice(_XML) + data[match.end() :]
        return data
    laughs = b'<!DOCTYPE x [<!ENTITY laugh "ha"><!ENTITY l2 "&laugh;&laugh;&laugh;">]>'
    return rng.choice((
        b"", data[: rng.randrange(len(data) + 1)], data.replace(b"?>", b"?>" + laughs, 1),
        data.decode("utf-8").encode("utf-16"), data.replace(b"<sheetData", b"<sheetDatum"),
        data.replace(b"xmlns", b"xmlna", 1), b"<a>" * 50_000, data + data,
    ))  # fmt: skip


def raw_bytes(rng: random.Random) -> bytes:
    """The archive's own bytes changed or cut."""
    data = bytearray(filled())
    if rng.random() < 0.3:
        return bytes(data[: rng.randrange(len(data))])
    for _ in range(rng.randint(1, 20)):
        data[rng.randrange(len(data))] = rng.randrange(256)
    return bytes(data)


def mangled(seed: int) -> bytes:
    """A workbook broken as the seed says."""
    rng = random.Random(seed)
    return rng.choice((cells, parts, parts, raw_bytes))(rng)
