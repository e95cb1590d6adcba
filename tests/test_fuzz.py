"""Ten thousand broken inputs: each runs, or is refused in words that name file and line."""

from __future__ import annotations

import functools
import random
import re
from collections import Counter
from pathlib import Path

import pytest
from fuzzing import mangled_book, mangled_yaml, seeds
from fuzzing.drawn_places import places
from fuzzing.verdict import refused, varied, verdict
from hypothesis import HealthCheck, given, settings
from typer.testing import CliRunner

from simulator.cli import app
from simulator.errors import ScenarioError
from simulator.intake.placefile import read_place
from simulator.scenario import load_scenario, parse_scenario
from simulator.schema import Case, Fact, PlaceFile, ScenarioFile, Target

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:openpyxl")

#: One year beyond the last target: what passes is run, and quickly.
HORIZON = 2027
#: Cases by kind, ten thousand in all.
FILES, UPLOADS, AGES, BOOKS, DRAWN, COMMANDS = 6_000, 1_500, 1_000, 500, 800, 200
#: Blocks of the long run, so that workers share it.
BLOCKS = 8
#: In the quick suite, one of so many.
QUICK = 50


def block(cases: int, number: int, *, of: int = BLOCKS) -> range:
    """Seeds of one block of so many cases."""
    return range(cases * number // of, cases * (number + 1) // of)


def files(cases: range, folder: Path) -> Counter[str]:
    """Broken files of every kind, read where they stand."""
    seeds.laid_out(folder)
    seen: Counter[str] = Counter()
    for seed in cases:
        name = seeds.FILES[seed % len(seeds.FILES)]
        path = folder / f"broken_{name}"
        path.write_bytes(mangled_yaml.mangled(seed, seeds.text(name)))
        seen[verdict(functools.partial(load_scenario, path, horizon=HORIZON), seed)] += 1
    return seen


def uploads(cases: range) -> Counter[str]:
    """The same as uploads, which reach no file but the library's."""
    seen: Counter[str] = Counter()
    scenario = seeds.text("scenario.yaml").replace("extends: place.yaml", "extends: 渠县")
    for seed in cases:
        text = scenario if seed % 20 == 0 else seeds.text("place.yaml")
        raw = mangled_yaml.mangled(-1 - seed, text)
        load = functools.partial(parse_scenario, raw, "upload.yaml", horizon=HORIZON)
        seen[verdict(load, seed)] += 1
    return seen


def ages(cases: range, folder: Path) -> Counter[str]:
    """Broken age tables of a good place."""
    seeds.laid_out(folder)
    seen: Counter[str] = Counter()
    text = seeds.text(seeds.AGES)
    for seed in cases:
        (folder / seeds.AGES).write_bytes(mangled_yaml.mangled_rows(seed, text))
        load = functools.partial(load_scenario, folder / "full.yaml", horizon=HORIZON)
        seen[verdict(load, seed)] += 1
    return seen


def books(cases: range) -> Counter[str]:
    """Broken workbooks, whose faults have sheets and cells for lines."""
    seen: Counter[str] = Counter()
    for seed in cases:
        raw = mangled_book.mangled(seed)
        seen[verdict(lambda raw=raw: read_place(raw, "本县.xlsx")[1], seed, lined=False)] += 1  # type: ignore[misc]
    return seen


def commands(cases: range, folder: Path) -> Counter[str]:
    """Commands with odd options over odd files: refused on stderr alone, with nothing written."""
    seeds.laid_out(folder)
    seen: Counter[str] = Counter()
    for seed in cases:
        rng, out = random.Random(seed), folder / "out"
        path = folder / "broken.yaml"
        raw = mangled_yaml.mangled(seed, seeds.text("scenario.yaml"))
        path.write_bytes(raw if rng.random() < 0.4 else seeds.text("place.yaml").encode())
        asked = mangled_yaml.options(rng, str(path), str(out))
        result = CliRunner().invoke(app, asked)
        assert isinstance(result.exception, SystemExit | None), (seed, asked, result.exception)
        assert result.exit_code in (0, 1, 2), (seed, asked)
        assert "Traceback" not in result.output, (seed, asked)
        if result.exit_code == 2:
            assert result.stdout == "", (seed, asked)
            assert result.stderr, (seed, asked)
            assert not out.exists(), (seed, asked)
        seen["runs" if result.exit_code < 2 else "refused"] += 1
        mangled_yaml.emptied(out)
    return seen


@pytest.mark.slow
@pytest.mark.parametrize("number", range(BLOCKS))
def test_thousands_of_broken_files(number: int, tmp_path: Path) -> None:
    varied(files(block(FILES, number), tmp_path), least=30)


@pytest.mark.slow
@pytest.mark.parametrize("number", range(2))
def test_thousands_of_broken_uploads_and_age_tables(number: int, tmp_path: Path) -> None:
    varied(uploads(block(UPLOADS, number, of=2)), least=25)
    varied(ages(block(AGES, number, of=2), tmp_path), least=10)


@pytest.mark.slow
def test_hundreds_of_broken_workbooks() -> None:
    varied(books(range(BOOKS)), least=12)


@pytest.mark.slow
def test_hundreds_of_odd_commands(tmp_path: Path) -> None:
    varied(commands(range(COMMANDS), tmp_path), least=2)


def check_drawn(text: str) -> None:
    """A place of well-formed but arbitrary figures."""
    verdict(lambda: parse_scenario(text.encode(), "drawn.yaml", horizon=2030), text)


drawn = settings(deadline=None, suppress_health_check=list(HealthCheck))


@pytest.mark.slow
@settings(drawn, max_examples=DRAWN)
@given(text=places())
def test_hundreds_of_arbitrary_places(text: str) -> None:
    check_drawn(text)


@settings(drawn, max_examples=15)
@given(text=places())
def test_some_arbitrary_places(text: str) -> None:
    check_drawn(text)


def test_some_of_each_kind(tmp_path: Path) -> None:
    """A sample for the quick suite: other seeds than the long run has."""
    varied(files(range(FILES, FILES + FILES // QUICK), tmp_path), least=10)
    uploads(range(UPLOADS, UPLOADS + UPLOADS // QUICK))
    ages(range(AGES, AGES + AGES // QUICK), tmp_path)
    books(range(BOOKS, BOOKS + BOOKS // QUICK))
    commands(range(COMMANDS, COMMANDS + COMMANDS // QUICK), tmp_path)


def test_the_valid_files_hold_every_key() -> None:
    """Else some key would never be broken."""
    together = "\n".join(seeds.text(name) for name in seeds.FILES)
    models = (PlaceFile, ScenarioFile, Fact, Target, Case)
    keys = {key for model in models for key in model.model_fields}
    missing = {key for key in keys if not re.search(rf"\b{key}:", together)}
    assert missing == {"within", "members", "read_as", "since", "alternatives"}


def test_a_verdict_passes_nothing_but_words() -> None:
    """A crash, a hang and a refusal without words are seen as such."""

    def crashes() -> None:
        raise ZeroDivisionError("shown")

    with pytest.raises(ZeroDivisionError, match="shown"):
        verdict(crashes, "a crash")  # type: ignore[arg-type]
    with pytest.raises(AssertionError, match="violations"):
        refused(ScenarioError([]))
    with pytest.raises(AssertionError, match="bad_id"):
        varied(Counter({"bad_id": 3}), 1)
