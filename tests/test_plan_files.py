"""The files of 渠县 against the document they quote: every quote is in it, every value right."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from quxian import PLAN, ROOT, study
from ruamel.yaml import YAML

from simulator.schema import Fact, Target
from simulator.vocabulary import indicators

FILES = sorted((ROOT / "scenarios").rglob("*.yaml"))
NAMES = [path.relative_to(ROOT).as_posix() for path in FILES]
CHINESE = re.compile(r"[\u4e00-\u9fff]")
#: Chinese characters in the English words of a file, as a share of all.
MOST_CHINESE = 0.25

#: The plan's table: number, indicator, 2022, 2025; 25 values of 22 indicators, in its order.
TABLE = (
    (1, "gdp", 401.23, 530.0),
    (2, "resident_urbanization_rate", 43.6, 48.0),
    (3, "county_seat_population", 24.48, 28.0),
    (4, "fixed_asset_investment_growth", 9.7, 10.0),
    (5, "primary_value_added", 90.4, 100.0),
    (5, "primary_value_added_share", 22.5, 19.0),
    (6, "secondary_value_added", 119.0, 170.0),
    (6, "secondary_value_added_share", 29.7, 32.0),
    (7, "tertiary_value_added", 191.9, 260.0),
    (7, "tertiary_value_added_share", 47.83, 49.0),
    (8, "labour_productivity", 7.7, 9.5),
    (9, "nonfarm_employment_share", 48.9, 54.0),
    (10, "water_supply_coverage", 100.0, 100.0),
    (11, "gas_supply_coverage", 97.7, 99.5),
    (12, "urban_road_area_per_capita", 10.93, 12.58),
    (13, "park_green_area_per_capita", 14.27, 16.33),
    (14, "basic_public_service_expenditure_per_capita", 3912.71, 4275.52),
    (15, "pupils_per_teacher", 13.0, 12.5),
    (16, "health_institution_beds_per_thousand", 11.3, 13.34),
    (17, "elderly_care_beds_per_thousand", 39.8, 40.0),
    (18, "sewage_treatment_rate", 99.85, 99.96),
    (19, "waste_harmless_treatment_rate", 95.0, 98.0),
    (20, "built_up_green_coverage", 36.84, 39.16),
    (21, "good_air_quality_days_share", 94.0, 94.2),
    (22, "urban_rural_income_ratio", 1.94, 1.88),
)


def squeezed(text: str) -> str:
    """Text without white space and the asterisks of its markup."""
    return re.sub(r"[\s*]", "", text)


def cited(node: Any, document: str | None = None) -> Iterator[tuple[str, str]]:
    """Every quote of a file with the document it is from; alternatives inherit theirs."""
    if isinstance(node, Mapping):
        document = node.get("document", document)
        for key, value in node.items():
            if key == "quote":
                yield str(document), value
            elif key == "quotes":
                yield from ((str(document), quote) for quote in value)
            else:
                yield from cited(value, document)
    elif isinstance(node, list):
        for item in node:
            yield from cited(item, document)


def loaded(path: Path) -> Any:
    return YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def seed(reference: Path) -> str:
    """The plan as published, squeezed."""
    path = reference / "seeds" / f"{PLAN}.txt"
    if not path.is_file():
        pytest.skip(f"no {path.name} in {path.parent}")
    return path.read_text(encoding="utf-8")


# --- quotes


@pytest.mark.parametrize("name", NAMES)
def test_quotes_of_the_plan_are_in_it(name: str, seed: str) -> None:
    whole = squeezed(seed)
    quotes = [quote for document, quote in cited(loaded(ROOT / name)) if document == PLAN]
    assert [quote for quote in quotes if squeezed(quote) not in whole] == []


def test_the_files_do_quote_the_plan() -> None:
    """So that the test above has something to look for."""
    count = {n: sum(d == PLAN for d, _ in cited(loaded(ROOT / n))) for n in NAMES}
    assert count["scenarios/places/quxian.yaml"] > 50
    assert count["scenarios/quxian.yaml"] > 15


def test_a_changed_quote_is_not_found(seed: str) -> None:
    whole = squeezed(seed)
    assert squeezed("县城常住人口城镇化率仅 43.6%") in whole
    assert squeezed("县城常住人口城镇化率仅 43.7%") not in whole


def test_published_figures_are_those_of_the_reference(reference: Path) -> None:
    """Censuses, bulletins and outcomes: each quote is in the row of data that it was read from."""
    path = reference / "data" / "place_outcomes.csv"
    if not path.is_file():
        pytest.skip(f"no {path.name} in {path.parent}")
    with path.open(encoding="utf-8", newline="") as handle:
        rows = csv.DictReader(line for line in handle if not line.startswith("#"))
        words = squeezed("\n".join(r["quote"] for r in rows if r["plan_no"] == "X1"))
    documents = ("census_2010", "bulletin_2018", "statistics_2023", "statistics_2024")
    parts = [
        part
        for fact in study().place.facts
        if fact.document in documents
        for part in fact.quote.split(";")
    ]
    assert [part for part in parts if squeezed(part) not in words] == []
    assert len(parts) > 15


# --- values


def numbers(text: str) -> list[float]:
    return [float(n.replace(",", "")) for n in re.findall(r"\d[\d,]*(?:\.\d+)?", text)]


def figures() -> list[Fact | Target]:
    return [*study().place.facts, *study().place.targets]


@pytest.mark.parametrize("figure", figures(), ids=lambda f: f"{f.indicator}_{f.at}_{f.document}")
def test_value_is_printed_in_its_quote(figure: Fact | Target) -> None:
    """Or is the sum of the figures after the equals signs, where two columns are added."""
    printed = numbers(figure.quote)
    columns = [float(n) for n in re.findall(r"=(\d+(?:\.\d+)?)", figure.quote)]
    assert figure.value in printed or (len(columns) > 1 and figure.value == sum(columns))


def test_alternatives_are_printed_and_not_used() -> None:
    found = {
        (t.indicator, t.value, a.value)
        for t in study().place.targets
        for a in t.alternatives
        if a.value in numbers(a.quote)
    }
    assert found == {
        ("park_green_area_per_capita", 16.33, 15.35),
        ("elderly_care_beds_per_thousand", 40.0, 40.0),
        ("sewage_treatment_rate", 99.96, 99.96),
    }


def test_the_table_is_whole() -> None:
    """25 values of 22 indicators, first among the targets and in the table's order."""
    targets = study().place.targets[: len(TABLE)]
    assert len(TABLE) == 25
    assert len({number for number, *_ in TABLE}) == 22
    for (number, name, base, goal), found in zip(TABLE, targets, strict=True):
        assert found.indicator == name, number
        assert (found.value, found.year) == (goal, 2025), name
        assert found.baseline is not None
        assert (found.baseline.value, found.baseline.year) == (base, 2022), name


def test_the_table_is_that_of_the_document(seed: str) -> None:
    """Read again from the seed; of a ratio the term that is not 1."""
    body = seed[seed.index("指标名称") : seed.index("三、试点任务")]
    rows = [line.split("\t") for line in body.splitlines()[1:] if line.count("\t") >= 3]
    assert len(rows) == len(TABLE)
    for row, (number, name, base, goal) in zip(rows, TABLE, strict=True):
        label, cells = row[0], [cell for cell in row[1:] if re.match(r"\d", cell)]
        assert label == "" or label.startswith(f"{number}."), name
        terms = [cell.split(":") for cell in cells]
        part = 1 if terms[0][0] == "1" else 0
        assert [float(t[part if len(t) > 1 else 0]) for t in terms] == [base, goal], name


def test_direction_of_each_target_is_that_of_its_indicator() -> None:
    wrong = []
    for t in study().place.targets:
        better = indicators()[t.indicator].better
        op = {"higher": ">=", "lower": "<="}.get(better)
        # No rise is better than another: such a target is read as "about", but for plain counts.
        if op is not None and t.op not in (op, "~"):
            wrong.append(t.indicator)
    assert wrong == []


def test_traps_are_kept_and_explained() -> None:
    """The county's rate called the seat's, and the seat's people of 2020 in the column of 2022."""
    facts = study().place.facts
    rate = next(f for f in facts if f.use == "base")
    assert (rate.indicator, rate.value, rate.scope) == (
        "resident_urbanization_rate",
        43.6,
        "place",
    )
    assert rate.note is not None
    seats = {f.year: f for f in facts if f.indicator == "county_seat_population"}
    assert (seats[2020].value, seats[2020].use) == (24.48, "history")
    assert (seats[2022].value, seats[2022].use) == (24.48, "context")
    assert seats[2022].note is not None
    gaps = {f.year: f for f in facts if f.indicator == "hukou_minus_resident"}
    assert (gaps[2018].value, gaps[2018].use) == (22.8, "superseded")
    assert (gaps[2021].value, gaps[2021].use) == (37.7, "history")
    residents = {(f.year, f.use): f.value for f in facts if f.indicator == "resident_population"}
    assert residents[2019, "superseded"] == 111.6
    assert residents[2020, "history"] == 917_508


def test_superseded_and_unused_values_say_why() -> None:
    facts = study().place.facts
    assert [f.indicator for f in facts if f.use == "superseded" and f.note is None] == []


# --- the plan's policy


def test_jobs_of_the_plan_follow_from_its_own_numbers() -> None:
    """GDP over productivity is employment; times the non-farm share; a third of the rise a year."""
    value = {name: (base, goal) for _, name, base, goal in TABLE}
    employed = [value["gdp"][i] / value["labour_productivity"][i] for i in (0, 1)]
    nonfarm = [employed[i] * value["nonfarm_employment_share"][i] / 100 for i in (0, 1)]
    yearly = (nonfarm[1] - nonfarm[0]) / 3 * 1e4
    jobs = study().cases["plan"].levers.industry_jobs
    assert jobs.other_jobs == {2023: 15485, 2024: 15485, 2025: 15485, 2026: None}
    assert round(yearly) == 15485
    assert jobs.basis == "total"
    words = study().cases["plan"].evidence[0].derivation
    assert words is not None
    for people in (*employed, *nonfarm):  # 万人 as the document has them, in English thousands
        assert f"{people:.3f}" in words.zh
        assert f"{people * 10.0:.2f}" in words.en


def test_nothing_else_is_set_and_every_group_is_accounted_for() -> None:
    plan = study().cases["plan"]
    assert plan.levers.settlement is None
    assert plan.levers.housing is None
    assert {measure.lever for measure in plan.not_quantified} == {
        "settlement", "industry_jobs", "housing",
    }  # fmt: skip
    assert [e.lever for e in plan.evidence] == ["industry_jobs.other_jobs"]


# --- languages


def bilingual(node: Any, path: str = "") -> Iterator[tuple[str, dict[str, str]]]:
    if isinstance(node, Mapping):
        if set(node) == {"zh", "en"}:
            yield path, dict(node)
        for key, value in node.items():
            yield from bilingual(value, f"{path}.{key}")
    elif isinstance(node, list):
        for i, item in enumerate(node):
            yield from bilingual(item, f"{path}[{i}]")


@pytest.mark.parametrize("name", NAMES)
def test_words_are_in_both_languages(name: str) -> None:
    pairs = dict(bilingual(loaded(ROOT / name)))
    assert [p for p, words in pairs.items() if not CHINESE.search(words["zh"])] == []
    # An English note may name the printed Chinese term that it explains.
    chinese = {
        p: len(CHINESE.findall(words["en"])) / len(words["en"]) for p, words in pairs.items()
    }
    assert [p for p, share in chinese.items() if share > MOST_CHINESE] == []
    assert pairs


@pytest.mark.parametrize("name", NAMES)
def test_notes_have_both_languages(name: str) -> None:
    """A note of one language only would be refused as well; this finds it in any file."""

    def notes(node: Any) -> Iterator[Any]:
        if isinstance(node, Mapping):
            for key, value in node.items():
                if key in ("note", "why_not_used", "derivation", "label", "description", "title"):
                    yield value
                yield from notes(value)
        elif isinstance(node, list):
            for item in node:
                yield from notes(item)

    found = list(notes(loaded(ROOT / name)))
    assert [note for note in found if set(note) != {"zh", "en"}] == []
    assert found, "every file names a document with its title"


@pytest.mark.parametrize("name", NAMES)
def test_files_carry_the_editors_schema_line(name: str) -> None:
    first = (ROOT / name).read_text(encoding="utf-8").splitlines()[0]
    found = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", first)
    assert found is not None
    assert ((ROOT / name).parent / found.group(1)).resolve().parent == ROOT / "simulator" / "schema"
