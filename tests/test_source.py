"""Reading YAML: what values mean, which line they stand on, and that nothing escapes unnamed."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import pytest
from cases.update import INVALID, ROOT
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from simulator.errors import ScenarioError
from simulator.i18n import LANGUAGES
from simulator.launch import check_totals
from simulator.reach import LIBRARY
from simulator.report.errors import describe_all
from simulator.scenario import Study, load_scenario
from simulator.source import Document, parse_document, read_document

PLACE_FILE = INVALID.parent / "valid" / "place.yaml"
PLACE = PLACE_FILE.read_text(encoding="utf-8")
QUXIAN = LIBRARY / "quxian.yaml"
FILES = sorted(LIBRARY.rglob("*.yaml"))
SCENARIO = """\
kind: scenario
id: demo
extends: small.yaml
horizon: 2035
scenarios:
  plan:
    levers:
      housing: {rental_units: {2024: 500, 2026: null}}
      settlement: {residence_years: 1}
"""


def document(text: str | bytes) -> Document:
    raw = text.encode() if isinstance(text, str) else text
    return parse_document(raw, "a.yaml", Path("a.yaml"))


def code_of(text: str | bytes) -> tuple[str, int | None]:
    with pytest.raises(ScenarioError) as refused:
        document(text)
    [found] = refused.value.violations
    return found.code, found.line


# Values.


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("no", "no"), ("yes", "yes"), ("on", "on"), ("NO", "NO"), ("y", "y"),
        ("true", True), ("False", False), ("null", None), ("~", None), ("", None),
        ("0123", 123), ("0o17", 15), ("0x1F", 31), ("-7", -7), ("+7", 7), ("1_000", 1000),
        ("1e-5", 1e-5), ("1.5E3", 1500.0), (".5", 0.5), ("5.", 5.0), ("-0.0", -0.0),
        (".inf", math.inf), ("-.INF", -math.inf), ("+.Inf", math.inf),
        ("12:30", "12:30"), ("1:2:3", "1:2:3"), ("2022-01-01", "2022-01-01"),
        ("1,000", "1,000"), ("43.6%", "43.6%"), ("２０２２", "２０２２"), ("nan", "nan"),
        ('"43.6"', "43.6"), ("'no'", "no"), ("=", "="), ("渠县：四川", "渠县：四川"),
        ("[1, a, true]", [1, "a", True]), ("{}", {}),
    ],
)  # fmt: skip
def test_scalars_are_those_of_yaml_1_2(written: str, value: Any) -> None:
    found = document(f"a: {written}\n").data["a"]
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("written", [".nan", ".NaN", ".NAN"])
def test_not_a_number_is_read_as_such(written: str) -> None:
    assert math.isnan(document(f"a: {written}\n").data["a"])


def test_a_file_cannot_switch_to_yaml_1_1() -> None:
    assert code_of("%YAML 1.1\n---\na: yes\n") == ("bad_scalar", 3)
    assert code_of("%YAML 1.1\n---\na: 12:30\n") == ("bad_scalar", 3)


def test_keys_keep_their_type() -> None:
    data = document("2025: a\n'2026': b\nno: c\n0x7E7: d\n").data
    assert data == {2025: "a", "2026": "b", "no": "c", 2023: "d"}


def test_an_unreadable_number_as_key_is_named() -> None:
    assert code_of("a:\n  0b1: 2\n") == ("bad_scalar", 2)
    assert code_of("a:\n  &x b: 2\n") == ("alias", 2)
    assert code_of("a:\n  !t b: 2\n") == ("tag", 2)


def test_every_anchor_and_every_alias_is_named() -> None:
    with pytest.raises(ScenarioError) as refused:
        document("a: &x 1\nb: *x\nc: &x\n  d: 2\ne:\n  - 3\n")
    assert [(v.code, v.line, v.path) for v in refused.value.violations] == [
        ("alias", 1, "a"), ("alias", 2, "b"), ("alias", 3, "c"),
    ]  # fmt: skip


# Text.


def study(text: str | bytes, tmp_path: Path) -> Study:
    path = tmp_path / "place.yaml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return load_scenario(path)


def test_a_byte_order_mark_and_windows_line_ends_change_nothing(tmp_path: Path) -> None:
    plain = study(PLACE, tmp_path)
    for raw in (
        b"\xef\xbb\xbf" + PLACE.encode(),
        PLACE.replace("\n", "\r\n").encode(),
        b"\xef\xbb\xbf" + PLACE.replace("\n", "\r\n").encode(),
        PLACE.rstrip("\n").encode(),
        ("---\n" + PLACE + "...\n").encode(),
    ):
        assert study(raw, tmp_path).place == plain.place


def test_comments_and_empty_lines_change_nothing_but_the_lines(tmp_path: Path) -> None:
    commented = re.sub(r"\n", "  # 注：“引号”: {不} [算]\n\n# 整行\n", PLACE)
    assert study(commented, tmp_path).place == study(PLACE, tmp_path).place
    assert document(commented).line(("facts", 0, "value")) == 3 * 15 - 2
    assert document(PLACE).line(("facts", 0, "value")) == 15


def test_line_ends_do_not_shift_the_line_of_an_error() -> None:
    broken = PLACE.replace("value: 90", "value: 90\n    value: 91")
    for raw in (broken.encode(), broken.replace("\n", "\r\n").encode()):
        assert code_of(raw) == ("duplicate_key", 16)
    tabbed = "a:\n\tb: 1\n"
    assert code_of(tabbed) == code_of(tabbed.replace("\n", "\r\n")) == ("yaml_tab", 2)


@pytest.mark.parametrize("raw", [b"a: \xff\xfe\n", b"\x89PNG\r\n\x1a\n\x00\x00", b"a: \xc4\x00\n"])
def test_bytes_that_are_no_text(raw: bytes) -> None:
    assert code_of(raw)[0] == "not_text"


def test_the_line_of_the_first_byte_in_another_encoding() -> None:
    assert code_of("a: 1\nb: 2\nc: 渠县\n".encode("gbk")) == ("not_utf8", 3)
    for encoding in ("utf-16", "utf-16-le", "utf-16-be"):
        raw = "a: 渠县\n".encode(encoding)
        assert code_of(raw)[0] in {"not_utf8", "not_text", "bad_character"}


# Lines.


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.relative_to(LIBRARY).as_posix())
def test_every_value_of_the_library_has_the_line_it_stands_on(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    found = read_document(path)
    assert len(found.lines) > 15

    def value_at(keys: tuple[str | int, ...]) -> Any:
        value: Any = found.data
        for key in keys:
            value = value[key]
        return value

    for keys, number in found.lines.items():
        if not keys:
            continue
        text, value = lines[number - 1], value_at(keys)
        if isinstance(value_at(keys[:-1]), dict):
            assert re.search(rf"(^|[\s{{]){re.escape(str(keys[-1]))}:", text), keys
        else:
            assert "- " in text, keys
        if isinstance(value, str):
            assert value.replace('"', r"\"") in text or value in text, keys


def test_a_key_that_is_not_there_has_the_line_of_what_should_hold_it() -> None:
    found = document(PLACE)
    assert found.line(("facts", 1, "note", "zh")) == found.line(("facts", 1)) == 20
    assert found.line(("nothing",)) == found.line(()) == 2


@given(st.lists(st.integers(0, 3), max_size=12))
def test_lines_hold_for_any_gaps_between_them(gaps: list[int]) -> None:
    text, wanted, line = "", [], 1
    for i, gap in enumerate(gaps):
        text += "\n" * gap + f"k{i}:\n" + "  # 注\n" * gap + f"  v: {i}\n"
        wanted.append((line + gap, line + 2 * gap + 1))
        line += 2 * gap + 2
    if gaps:
        found = document(text)
        for i, (key, value) in enumerate(wanted):
            assert (found.line((f"k{i}",)), found.line((f"k{i}", "v"))) == (key, value)


# Nothing but a study or named violations, whatever the file.


def loaded(path: Path) -> Study | ScenarioError:
    """What comes of a file; anything but a study or named violations is raised."""
    try:
        found = load_scenario(path)
        check_totals(found)
    except ScenarioError as error:
        return error
    return found


def study_or_violations(path: Path) -> Study | None:
    """The study of a file, or None where it is refused in words, a line each, in both languages."""
    found = loaded(path)
    if isinstance(found, Study):
        return found
    assert found.violations
    for lang in LANGUAGES:
        assert len(describe_all(found, lang).split("\n")) == 1 + len(found.violations)
    return None


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file to write over and over, beside the place that it may extend."""
    folder = tmp_path_factory.mktemp("fuzz")
    (folder / "small.yaml").write_text(PLACE, encoding="utf-8")
    return folder / "fuzz.yaml"


#: Pieces that files get wrong, put anywhere.
PIECES = st.sampled_from(
    [
        "：", ":", ": ", " ", "\t", "\n", "\r", "- ", "? ", "#", "&a ", "*a", "!t ", "!!int ",
        '"', "'", "“", "{", "}", "[", "]", ",", "，", "|", ">", "%", "@", "`", "~", "---\n",
        "...\n", "<<", "null", "true", ".nan", ".inf", "-", "1e999", "0b1", "0x", "10" * 30,
        "\\", "\\U99999999", '"\\0"', '"\\ud800"', "\0", "\x07", "\x85", "\u2028", "\ufeff",
        "２", "extends", "kind: place\n", "facts: []\n", "targets:\n", "%YAML 1.1\n", "%TAG",
    ]
) | st.text(max_size=4)  # fmt: skip


@st.composite
def mutated(draw: st.DrawFn, text: str) -> bytes:
    """A file with some of its text lost, doubled, moved or replaced, whole lines or pieces."""
    for _ in range(draw(st.integers(1, 4))):
        lines = text.split("\n")
        i = draw(st.integers(0, len(lines) - 1))
        j = draw(st.integers(0, len(lines[i])))
        k = draw(st.integers(j, min(len(lines[i]), j + 8)))
        other = draw(st.integers(0, len(lines) - 1))
        match draw(st.sampled_from(["insert", "replace", "lose", "double", "move", "indent"])):
            case "insert":
                lines[i] = lines[i][:j] + draw(PIECES) + lines[i][j:]
            case "replace":
                lines[i] = lines[i][:j] + draw(PIECES) + lines[i][k:]
            case "lose":
                del lines[i]
            case "double":
                lines.insert(other, lines[i])
            case "move":
                lines[i], lines[other] = lines[other], lines[i]
            case _:
                lines[i] = " " * draw(st.integers(0, 6)) + lines[i].lstrip()
        text = "\n".join(lines)
    return text.encode("utf-8", errors="surrogatepass")


fuzzed = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
#: Few a file: tests/test_fuzz.py has thousands of one place.
fuzzed_library = settings(fuzzed, max_examples=25)


@fuzzed
@given(raw=mutated(PLACE))
def test_no_change_of_a_place_is_beyond_words(raw: bytes, file: Path) -> None:
    file.write_bytes(raw)
    study_or_violations(file)


@fuzzed
@given(raw=mutated(SCENARIO))
def test_no_change_of_a_scenario_is_beyond_words(raw: bytes, file: Path) -> None:
    file.write_bytes(raw)
    study_or_violations(file)


@pytest.mark.slow
@pytest.mark.parametrize("path", FILES, ids=lambda p: p.relative_to(LIBRARY).as_posix())
def test_no_change_of_the_library_is_beyond_words(path: Path, file: Path) -> None:
    text = path.read_text(encoding="utf-8").replace("places/quxian", "library:places/quxian")

    @fuzzed_library
    @given(mutated(text))
    def each(raw: bytes) -> None:
        file.write_bytes(raw)
        study_or_violations(file)

    each()


SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 3000), st.floats(), st.text(max_size=5),
    st.sampled_from(
        ["place", "scenario", "library:places/quxian.yaml", "plan_2022", "万人", "%", "base",
         "history", "resident_population", "resident_urbanization_rate", "county", ">="]
    ),
)  # fmt: skip
KEYS = st.one_of(
    st.sampled_from(
        ["kind", "id", "extends", "horizon", "scenarios", "levers", "housing", "rental_units",
         "parameters", "facts", "targets", "documents", "base_year", "name", "zh", "en", "level",
         "indicator", "value", "unit", "year", "use", "quote", "document", "evidence", "basis",
         "settlement_rules", "industry_jobs", "province", "fertility_ratio", "age_sex"]
    ),
    st.integers(2020, 2040),
    st.text(max_size=3),
)  # fmt: skip
TREES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=25,
)


def as_yaml(tree: Any) -> str:
    """A tree in flow style, text always quoted, so that its types survive."""
    match tree:
        case dict():
            return "{" + ", ".join(f"{as_yaml(k)}: {as_yaml(v)}" for k, v in tree.items()) + "}"
        case list():
            return "[" + ", ".join(as_yaml(item) for item in tree) + "]"
        case str():
            return '"' + "".join(_quoted(character) for character in tree) + '"'
        case float() if math.isnan(tree):
            return ".nan"
        case float() if math.isinf(tree):
            return ".inf" if tree > 0 else "-.inf"
        case bool():
            return str(tree).lower()
    return "null" if tree is None else repr(tree)


def _quoted(character: str) -> str:
    return character if character.isalnum() and character.isascii() else f"\\U{ord(character):08x}"


@fuzzed
@given(tree=st.dictionaries(KEYS, TREES, max_size=8))
@example(tree={"kind": "scenario", "id": "a", "extends": "\0"})
@example(tree={"kind": "scenario", "id": "a", "extends": "\ud800"})
def test_no_small_file_is_beyond_words(tree: dict[Any, Any], file: Path) -> None:
    file.write_text(as_yaml(tree), encoding="utf-8")
    study_or_violations(file)


@fuzzed
@given(data=st.data())
def test_no_value_put_into_a_good_file_is_beyond_words(data: st.DataObject, file: Path) -> None:
    good = document(data.draw(st.sampled_from([PLACE, SCENARIO]))).data
    holder: Any = good
    for _ in range(data.draw(st.integers(0, 4))):
        values = list(holder.values()) if isinstance(holder, dict) else holder
        inner = [value for value in values if isinstance(value, dict | list) and value]
        if not inner:
            break
        holder = data.draw(st.sampled_from(inner))
    keys = sorted(holder, key=str) if isinstance(holder, dict) else range(len(holder))
    holder[data.draw(st.sampled_from(keys))] = data.draw(TREES)
    file.write_text(as_yaml(good), encoding="utf-8")
    study_or_violations(file)


@fuzzed
@given(raw=st.binary(max_size=200))
def test_no_bytes_are_beyond_words(raw: bytes, file: Path) -> None:
    file.write_bytes(raw)
    study_or_violations(file)


def test_a_path_too_long_for_the_system_is_not_beyond_words(file: Path) -> None:
    file.write_text(f"kind: scenario\nid: demo\nextends: {'x' * 5000}\n", encoding="utf-8")
    study_or_violations(file)


@pytest.mark.parametrize("name", ["x" * 5000, ".", '""', "/", "ages.csv/more"])
def test_an_age_table_that_cannot_be_opened(name: str, file: Path) -> None:
    file.write_text(f"{PLACE}age_sex: {name}\n", encoding="utf-8")
    found = loaded(file)
    assert isinstance(found, ScenarioError)
    away = name == "/"
    assert [v.code for v in found.violations] == ["out_of_reach" if away else "age_table_missing"]


ROWS = "year,sex,age_from,age_to,persons\n" + "".join(
    f"2020,{sex},{low},{high},{1000 + low}\n"
    for sex in ("male", "female")
    for low, high in ((0, 14), (15, 64), (65, ""))
)


@fuzzed
@given(raw=mutated(ROWS))
def test_no_age_table_is_beyond_words(raw: bytes, file: Path) -> None:
    file.with_name("ages.csv").write_bytes(raw)
    file.write_text(f"{PLACE}age_sex: ages.csv\n", encoding="utf-8")
    found = study_or_violations(file)
    for table in found.age_tables.values() if found is not None else ():
        assert table.group.shape == (101,)
        assert table.persons.shape == (2, table.group[-1] + 1)
        assert (table.persons >= 0).all()


@pytest.mark.parametrize(
    "rows",
    [
        ROWS,
        "\ufeff" + ROWS,
        ROWS.replace("\n", "\r\n"),
        "# 注\n\n" + ROWS.replace(",", " , "),
        ROWS.replace(",male,", ',"Male",').replace(",female,", ',"FEMALE",'),
    ],
)
def test_an_age_table_is_read_however_it_was_saved(rows: str, tmp_path: Path) -> None:
    (tmp_path / "ages.csv").write_text(rows, encoding="utf-8")
    table = study(f"{PLACE}age_sex: ages.csv\n", tmp_path).age_tables[2020]
    assert table.persons.tolist() == [[1000, 1015, 1065]] * 2
    assert table.group.tolist() == [0] * 15 + [1] * 50 + [2] * 36


def test_the_shipped_county_is_read() -> None:
    found = load_scenario(QUXIAN)
    assert (found.id, found.place.base_year, found.horizon) == ("quxian", 2022, 2035)
    assert sorted(found.age_tables) == [2010, 2020]
    assert all(path.is_relative_to(ROOT) for path in found.sources)
