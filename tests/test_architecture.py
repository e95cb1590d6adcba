"""The way through the program is a straight line; each module imports only from lower on it."""

from __future__ import annotations

import ast
import graphlib
import io
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "simulator"

#: Lowest first. A module imports from lower layers only, never from its own: DESIGN section 5.
LAYERS: tuple[tuple[str, ...], ...] = (
    ("locks",),
    (
        "axes",
        "compiled",
        "errors",
        "units",
        "parameters",
        "vocabulary",
        "store_records",
        "place_columns",
    ),
    ("demography", "demography.lifetable", "demography.fertility", "demography.schedules"),
    ("lever_path", "presets", "spread", "randomize"),
    ("reach", "syntax", "schema", "tables"),
    ("source",),
    ("age_table", "figures", "county_lists", "county_names", "partial"),
    ("validation", "census"),
    ("places",),
    ("chain",),
    ("scenario",),
    ("rates",),
    ("baseline",),
    ("county_flows",),
    ("levers", "levers.columns", "prices", "sheet", "waiting"),
    ("births", "step", "state"),
    ("levers.settlement", "levers.jobs", "levers.housing"),
    ("bracket", "moves"),
    ("trial",),
    ("hiring",),
    ("year",),
    ("kernel",),
    ("projection", "draws"),
    ("indicators", "ledger", "drawn_rates"),
    ("calibration",),
    ("posterior",),
    ("totals", "flow_priors"),
    ("launch",),
    (
        "lending",
        "territory",
        "policy",
        "targets",
        "attribution",
        "dwellings",
        "fiscal",
        "stated_base",
    ),
    ("ladder", "notes"),
    ("run",),
    ("ensemble", "forecast_error", "goals", "budget", "ranges", "needs", "sobol"),
    ("outlook", "problem"),
    ("search", "factors", "county_tables", "county_surroundings"),
    ("seek", "frontier", "sensitivity", "matching", "county_places", "county_ageing"),
    ("county_features", "place_identity", "place_cells"),
    ("county_launch", "flow_model", "place_table"),
    ("county_draws",),
    ("backtest",),
    ("scores", "baselines", "plan_record"),
    ("i18n", "report.markup", ""),  # "" is simulator/__init__.py: the public names
    ("report", "report.errors", "report.plain_cells", "report.printed"),
    ("report.longtable", "report.resolved", "report.wording"),
    (
        "report.provenance",
        "report.layout",
        "report.words",
        "report.face_value",
        "report.plan_base",
        "export",
    ),
    ("report.certainty",),
    ("report.terminal",),
    (
        "report.files",
        "report.comparison",
        "report.members",
        "report.rows",
        "charts",
        "charts.points",
    ),
    (
        "report.effects",
        "report.accuracy",
        "report.calibration",
        "report.record",
        "report.stored",
        "workers",
        "store",
    ),
    ("stored_batch", "store_query"),
    ("report.sidebyside", "report.target_list", "charts.lines"),
    ("charts.causes", "charts.waterfall", "charts.pyramid", "charts.limits", "charts.fan"),
    ("charts.overlay", "report.workbook", "report.planning"),
    ("intake", "intake.layout"),
    ("intake.cells", "intake.template"),
    ("intake.placefile", "intake.census_heads"),
    ("intake.census_book",),
    ("intake.census_tables",),
    ("report.pictures", "report.explained"),
    ("report.brief",),
    ("report.bundle",),
    ("audit", "audit.figures"),
    ("audit.plan",),
    ("audit.counts", "audit.consistency", "audit.growth"),
    ("audit.rules",),
    ("batch", "options", "usage"),
    ("report.scoreboard", "report.findings"),
    ("library_cli",),
    ("stored_cli",),
    ("ui",),  # every module of simulator/ui
    ("commands", "commands.asking"),
    ("commands.planning",),
    (
        "commands.analysis",
        "commands.census",
        "commands.history",
        "commands.library",
        "commands.runs",
    ),
    ("cli",),
    ("__main__",),
)
LAYER = {name: i for i, layer in enumerate(LAYERS) for name in layer}
BELOW_RUN = {name for name, layer in LAYER.items() if layer < LAYER["run"]} | {"run"}

#: The modules below run that read the inputs and the program's own tables; no other opens a file.
READERS = {
    "census", "compiled", "locks", "parameters", "places", "presets", "reach", "tables",
    "vocabulary",
}  # fmt: skip
#: What compiled code is kept by: a mark that it is there, the process that makes it, and who clears
#: away what is out of use.
KEEPING = {"glob", "rglob", "mkdir", "touch", "os", "shutil", "subprocess", "sys"}
READING = {"open", "read_bytes", "read_text", "is_file", "exists", "glob"}
#: Calls and modules by which code reaches files, the screen, the clock, the environment or chance.
OUTSIDE_CALLS = {
    "open", "print", "input", "read_text", "read_bytes", "write_text", "write_bytes", "mkdir",
    "is_file", "is_dir", "exists", "iterdir", "glob", "rglob", "unlink", "rename", "touch",
    "loadtxt", "genfromtxt", "fromfile", "tofile", "savetxt", "read_csv", "to_csv", "save",
    "cwd", "home", "now", "today", "default_rng", "exit",
}  # fmt: skip
OUTSIDE_MODULES = {
    "os", "sys", "time", "datetime", "random", "secrets", "tempfile", "shutil", "subprocess",
    "socket", "logging", "warnings", "urllib", "requests", "locale", "platform", "uuid",
}  # fmt: skip

#: The compiled year loop passes many arrays by name, a line each.
LONG_FILES: dict[str, int] = {}
LONG_FUNCTIONS = {"scenario._resolve": 45}
MOST_LINES, MOST_STATEMENT_LINES = 300, 40


def modules() -> dict[str, Path]:
    """Modules by dotted name below ``simulator``."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        found[".".join(parts).removesuffix("__init__").removesuffix(".")] = path
    return found


MODULES = modules()


def layer_name(module: str) -> str:
    """Name under which a module stands in `LAYERS`."""
    return "ui" if module.split(".")[0] == "ui" else module


def imports(tree: ast.AST) -> set[str]:
    """Modules of the package that a file imports anywhere, functions included."""
    found: set[str] = set()
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            whole = [f"{node.module}.{alias.name}" for alias in node.names]
            names = [w if w.removeprefix("simulator.") in MODULES else node.module for w in whole]
        found |= {n for n in names if n is not None and n.split(".")[0] == "simulator"}
    return {n.removeprefix("simulator").removeprefix(".") for n in found}


def parsed(module: str) -> ast.Module:
    return ast.parse(MODULES[module].read_text(encoding="utf-8"))


GRAPH = {module: imports(parsed(module)) - {module} for module in MODULES}


def outside(tree: ast.AST) -> set[str]:
    """Names by which code reaches outside itself."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func
            name = called.id if isinstance(called, ast.Name) else getattr(called, "attr", "")
            found |= {name} & OUTSIDE_CALLS
        elif isinstance(node, ast.Attribute) and ast.unparse(node.value) == "os":
            found |= {"os"} - ({"os"} if node.attr == "path" else set())
        elif isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names} & OUTSIDE_MODULES - {"os"}
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            found |= {node.module.split(".")[0]} & OUTSIDE_MODULES
    return found


def code_lines(source: str) -> set[int]:
    """Lines that hold code: neither blank nor comment."""
    nothing = {
        tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT,
        tokenize.ENDMARKER,
    }  # fmt: skip
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in nothing:
            lines |= set(range(token.start[0], token.end[0] + 1))
    return lines


def function_lengths(source: str) -> Iterator[tuple[str, int]]:
    """Lines of code of each function, its docstring left out."""
    code = code_lines(source)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = {n for n in code if node.lineno <= n <= (node.end_lineno or 0)}
            if ast.get_docstring(node) is not None:
                first = node.body[0]
                lines -= set(range(first.lineno, (first.end_lineno or 0) + 1))
            yield node.name, len(lines)


def test_every_module_stands_in_one_layer() -> None:
    listed = [name for layer in LAYERS for name in layer]
    assert len(listed) == len(set(listed))
    assert {layer_name(m) for m in MODULES} | {"ui"} == set(listed)


@pytest.mark.parametrize("module", MODULES)
def test_imports_come_from_lower_layers(module: str) -> None:
    here = layer_name(module)
    wrong = {
        other
        for other in GRAPH[module]
        if not LAYER[layer_name(other)] < LAYER[here] and {here, layer_name(other)} != {"ui"}
    }
    assert wrong == set()


def test_there_is_no_import_cycle() -> None:
    """Holds within simulator/ui as well, which the layers leave open."""
    order = list(graphlib.TopologicalSorter(GRAPH).static_order())
    assert set(order) == set(MODULES)


def test_the_graph_sees_the_imports_of_the_line() -> None:
    """The reading itself works: absent edges would let everything pass."""
    assert {"launch", "projection", "targets", "scenario"} <= GRAPH["run"]
    assert "levers.settlement" in GRAPH["year"]  # from simulator.levers import settlement
    assert "report.effects" in GRAPH["cli"]  # imported within a function
    assert GRAPH["report.provenance"] >= {"", "run"}  # import simulator


@pytest.mark.parametrize("module", sorted(BELOW_RUN & set(MODULES)))
def test_nothing_below_run_reaches_outside(module: str) -> None:
    """No file, screen, clock, environment or chance, but for those that read the inputs."""
    found = outside(parsed(module))
    allowed = READING if module in READERS else set()
    assert found - (allowed | KEEPING if module == "compiled" else allowed) == set()
    assert bool(found) == (module in READERS)


def test_reaching_outside_is_seen() -> None:
    guilty = "import os\nfrom time import time\nprint(open('x'))\np.write_text(os.environ)\n"
    assert outside(ast.parse(guilty)) == {"os", "time", "print", "open", "write_text"}
    assert outside(ast.parse("import os\nos.path.normpath('a/../b')\n")) == set()
    assert outside(ast.parse("from os import environ\n")) == {"os"}


@pytest.mark.parametrize("module", MODULES)
def test_files_and_functions_are_short(module: str) -> None:
    source = MODULES[module].read_text(encoding="utf-8")
    assert len(source.splitlines()) <= LONG_FILES.get(module, MOST_LINES)
    limits = {f: LONG_FUNCTIONS.get(f"{module}.{f}", MOST_STATEMENT_LINES) for f, _ in
              function_lengths(source)}  # fmt: skip
    assert [(f, n) for f, n in function_lengths(source) if n > limits[f]] == []


#: Modules that are started, not imported: ``python -m simulator``.
ENTRIES = {"__main__"}


def test_every_module_is_imported_by_another() -> None:
    """A module that nothing imports is not part of the program, whatever its tests say."""
    app = ast.parse((ROOT / "app.py").read_text(encoding="utf-8"))
    reached = set().union(*GRAPH.values(), imports(app))
    packages = {m for m in MODULES if any(n.startswith(f"{m}.") for n in MODULES) or m == ""}
    assert {m for m in MODULES if m not in reached} - packages == ENTRIES


def test_lines_are_counted_without_comments_and_docstring() -> None:
    source = 'def f():\n    """Doc\n\n    more."""\n    # why\n\n    return (\n        1\n    )\n'
    assert list(function_lengths(source)) == [("f", 4)]


def test_no_module_is_a_drawer() -> None:
    words = {"util", "utils", "helper", "helpers", "manager", "managers", "common", "misc"}
    parts = {part for module in MODULES for name in module.split(".") for part in name.split("_")}
    assert parts & words == set()


def narrows(test: ast.expr) -> bool:
    """Whether an assertion only tells the type checker what is so."""
    if isinstance(test, ast.Compare):
        ends = test.comparators[-1]
        is_not = isinstance(test.ops[0], ast.IsNot)
        return is_not and isinstance(ends, ast.Constant) and ends.value is None
    return (
        isinstance(test, ast.Call)
        and isinstance(test.func, ast.Name)
        and test.func.id == "isinstance"
    )


@pytest.mark.parametrize("module", MODULES)
def test_no_assertion_validates(module: str) -> None:
    """``python -O`` drops assertions: they may narrow a type and refuse nothing."""
    found = [node for node in ast.walk(parsed(module)) if isinstance(node, ast.Assert)]
    assert [ast.unparse(node) for node in found if not narrows(node.test)] == []


def test_a_validating_assertion_is_seen() -> None:
    tests = [n.test for n in ast.walk(ast.parse("assert x > 0\nassert x is not None"))
             if isinstance(n, ast.Assert)]  # fmt: skip
    assert [narrows(t) for t in tests] == [False, True]
