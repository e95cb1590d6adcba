"""Places of the right form with any figures that a hand could type: together they may not fit."""

from __future__ import annotations

from hypothesis import strategies as st

from simulator.units import UNITS
from simulator.vocabulary import indicators

_MODELLED = [name for name, i in indicators().items() if i.kind == "modelled"]
_SHARES = (
    "nonlocal_share",
    "fertility_ratio",
    "hukou_rate_gap",
    "seed_rural_town",
    "seed_rural_away",
)
_LEVELS = ("nation", "prefecture", "county", "district", "town", "zone")
_NUMBERS = st.one_of(
    st.floats(0, 200), st.integers(0, 150), st.floats(-10, 1e7), st.sampled_from((0, 1, 100, 1e9)),
)  # fmt: skip
_YEARS = st.integers(1990, 2026) | st.sampled_from((2010, 2020, 2022))


def _figure(names: st.SearchStrategy[str], tail: str) -> st.SearchStrategy[str]:
    units = st.sampled_from(("万人", "%", "人", *UNITS))
    parts = st.tuples(names, _YEARS, _NUMBERS, units)
    return parts.map(
        lambda p: (
            f'{{indicator: {p[0]}, year: {p[1]}, value: {p[2]!r}, unit: "{p[3]}", {tail}, '
            "document: d, quote: 原文}"
        )
    )


@st.composite
def places(draw: st.DrawFn) -> str:
    """A place file that the schema accepts, but for what its figures are."""
    base = draw(st.integers(1995, 2024))
    known = st.sampled_from(("resident_population", "resident_urbanization_rate", *_MODELLED))
    uses = ("base", "history", "superseded", "context")
    facts = draw(st.lists(st.sampled_from(uses).flatmap(
        lambda use: _figure(known, f"use: {use}")), max_size=6))  # fmt: skip
    people, rate = draw(st.floats(0.01, 2000)), draw(st.floats(0.1, 99.9))
    if draw(st.booleans()):
        tail = "use: base, document: d, quote: 原文}"
        split = f'indicator: resident_urbanization_rate, year: {base}, value: {rate}, unit: "%"'
        whole = f"indicator: resident_population, year: {base}, value: {people}, unit: 万人"
        facts += [f"{{{figure}, {tail}" for figure in (whole, split)]
    targets = draw(st.lists(_figure(known, 'op: ">="'), max_size=2))
    shares = draw(st.lists(st.sampled_from(_SHARES), unique=True))
    values = ", ".join(f"{name}: {draw(st.floats(0, 1))!r}" for name in shares)
    level = draw(st.sampled_from(_LEVELS))
    code = draw(st.sampled_from(("", 'code: "511725"\n', 'code: "110101"\n', 'code: "999999"\n')))
    return (
        f"kind: place\nid: drawn\nname: {{zh: 任意县}}\n{code}province: 四川省\nlevel: {level}\n"
        f"base_year: {base}\ndocuments: {{d: {{title: {{zh: 文件}}}}}}\n"
        f"facts: [{', '.join(facts)}]\ntargets: [{', '.join(targets)}]\n"
        f"parameters: {{{values}}}\n"
    )
