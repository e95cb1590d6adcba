"""What is installed is what was locked; nothing is fetched, unpickled or evaluated at run time."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
LOCKS = {"requirements.txt": "requirements.lock", "requirements-dev.txt": "requirements-dev.lock"}
#: The Pythons that the program is made for.
PYTHONS = ("3.11", "3.12", "3.13")
SHA256 = re.compile(r"--hash=sha256:[0-9a-f]{64}(?![0-9a-f])")


def locked(name: str) -> dict[Requirement, int]:
    """Entries of a lock with the number of digests that each has."""
    text = (ROOT / name).read_text(encoding="utf-8")
    found = {}
    for entry in re.split(r"\n(?=\S)", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE).strip()):
        head = entry.split(" \\\n")[0]
        found[Requirement(head)] = len(SHA256.findall(entry))
    return found


def wanted(name: str) -> list[Requirement]:
    """Pins of a list, those of the list that it includes too."""
    found = []
    for line in (ROOT / name).read_text(encoding="utf-8").splitlines():
        words = line.split("#")[0].strip()
        if words.startswith("-r "):
            found += wanted(words.removeprefix("-r ").strip())
        elif words:
            found.append(Requirement(words))
    return found


def held(lock: str, python: str) -> dict[str, str]:
    """Name to version of what a lock installs on Linux under one Python."""
    where = {"python_version": python, "python_full_version": f"{python}.0",
             "sys_platform": "linux", "platform_system": "Linux"}  # fmt: skip
    return {
        canonicalize_name(r.name): str(r.specifier).removeprefix("==")
        for r in locked(lock)
        if r.marker is None or r.marker.evaluate(where)
    }


@pytest.mark.parametrize(("pins", "lock"), LOCKS.items())
@pytest.mark.parametrize("python", PYTHONS)
def test_the_lock_has_every_pin_at_its_version(pins: str, lock: str, python: str) -> None:
    versions = held(lock, python)
    for pin in wanted(pins):
        assert str(pin.specifier) == f"=={versions[canonicalize_name(pin.name)]}", pin


@pytest.mark.parametrize("lock", LOCKS.values())
def test_every_package_is_locked_to_one_version_with_digests(lock: str) -> None:
    for requirement, digests in locked(lock).items():
        assert re.fullmatch(r"==[^,*]+", str(requirement.specifier)), requirement
        assert digests >= 1, requirement
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert "://" not in text
    assert "index-url" not in text
    assert "find-links" not in text


def test_compiled_packages_have_digests_for_every_platform() -> None:
    """One file a platform and Python: a mirror that lacked some would show here."""
    digests = {canonicalize_name(r.name): n for r, n in locked("requirements.lock").items()}
    for name in ("numpy", "scipy", "pandas", "numba", "llvmlite", "pyarrow", "scikit-learn"):
        assert digests[name] >= 3 * len(PYTHONS), name


@pytest.mark.parametrize(("pins", "lock"), LOCKS.items())
def test_whatever_an_installed_package_needs_is_locked_too(pins: str, lock: str) -> None:
    """No package comes in behind the lock's back."""
    versions = held(lock, f"{sys.version_info.major}.{sys.version_info.minor}")
    for name in versions:
        try:
            needs = metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            continue
        for need in map(Requirement, needs):
            if need.marker is None or need.marker.evaluate({"extra": ""}):
                version = versions.get(canonicalize_name(need.name))
                assert version is not None, f"{name} needs {need}"
                assert need.specifier.contains(version, prereleases=True), f"{name}: {need}"


def test_both_locks_agree() -> None:
    for python in PYTHONS:
        run, dev = (held(lock, python) for lock in LOCKS.values())
        assert run.items() <= dev.items()


def test_the_makefile_installs_by_digest_and_from_nothing_else() -> None:
    lines = (ROOT / "Makefile").read_text(encoding="utf-8").splitlines()
    installs = [line for line in lines if "pip install" in line and "-r " in line]
    assert len(installs) == len(LOCKS)
    for line, lock in zip(installs, LOCKS.values(), strict=True):
        assert f"--require-hashes -r {lock}" in line


# What the program itself may do.

PROGRAM = [*sorted((ROOT / "simulator").rglob("*.py")), ROOT / "app.py"]
#: Modules that turn bytes of others into code or objects, or that speak to other machines.
UNSAFE = {
    "pickle", "cPickle", "_pickle", "shelve", "marshal", "dill", "cloudpickle", "joblib", "socket",
    "ssl", "http", "urllib.request", "urllib3", "requests", "httpx", "aiohttp", "ftplib", "smtplib",
    "telnetlib", "xmlrpc", "webbrowser", "ctypes", "code", "runpy",
}  # fmt: skip
CALLS = {"eval", "exec", "compile", "__import__", "read_pickle", "to_pickle", "system", "popen",
         "unsafe_load", "full_load", "load_all", "import_module"}  # fmt: skip
#: Processes of a batch exchange the program's own objects, never bytes of a user's file.
OWN_PROCESSES = {"joblib.Parallel", "joblib.delayed"}


def unsafe(tree: ast.AST) -> set[str]:
    """Whatever of `UNSAFE` and `CALLS` a module uses, and unsafe ways of safe calls."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= set() if names <= OWN_PROCESSES else {node.module or "", *names}
        elif isinstance(node, ast.Call):
            named = node.func
            regex = isinstance(named, ast.Attribute) and ast.unparse(named.value) == "re"
            name = getattr(named, "attr", getattr(named, "id", ""))
            found |= {name} if name in CALLS and not regex else set()
            for word in node.keywords:
                if word.arg in ("allow_pickle", "shell") or (
                    word.arg == "typ" and ast.unparse(word.value) not in ("'safe'", "'rt'")
                ):
                    found.add(f"{name}({word.arg})")
    return {name for name in found if name in UNSAFE | CALLS or "(" in name}


@pytest.mark.parametrize("path", PROGRAM, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_nothing_is_unpickled_evaluated_or_fetched(path: Path) -> None:
    assert unsafe(ast.parse(path.read_text(encoding="utf-8"))) == set()


@pytest.mark.parametrize(
    "code",
    [
        "import pickle", "from urllib.request import urlopen", "import socket", "eval('1')",
        "exec(words)", "np.load(f, allow_pickle=True)", "pd.read_pickle(f)",
        "YAML(typ='unsafe')", "os.system('x')", "subprocess.run('x', shell=True)",
        "from http import client", "builtins.__import__('os')",
    ],
)  # fmt: skip
def test_what_is_unsafe_is_seen(code: str) -> None:
    assert unsafe(ast.parse(code))


#: Run in a process of its own, because such a hook stays for good.
GUARD = """
import sys
LOCAL = ("127.0.0.1", "::1", "localhost", None, "")
def hook(event, args):
    if event in ("socket.getaddrinfo", "socket.gethostbyname") and args[0] not in LOCAL:
        raise SystemExit(f"asks for {args[0]}")
    if event == "socket.connect" and isinstance(args[1], tuple) and args[1][0] not in LOCAL:
        raise SystemExit(f"connects to {args[1]}")
sys.addaudithook(hook)
import socket
if sys.argv[1] == "--connect":
    socket.create_connection(("192.0.2.1", 9), 1)
from simulator.cli import app
app(sys.argv[1:])
"""


def guarded(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The program in a process in which no other machine can be spoken to."""
    return subprocess.run(
        [sys.executable, "-c", GUARD, *arguments], cwd=ROOT, capture_output=True, text=True,
        check=False,
    )  # fmt: skip


def test_the_guard_stops_a_connection() -> None:
    found = guarded("--connect")
    assert found.returncode != 0
    assert "192.0.2.1" in found.stderr


def test_a_run_and_every_export_speak_to_no_other_machine(tmp_path: Path) -> None:
    place = str(ROOT / "tests" / "cases" / "valid" / "place.yaml")
    ran = guarded("run", place, "--draws", "8", "--out", str(tmp_path / "run"))
    assert ran.returncode == 0, ran.stderr
    made = guarded("export", place, "--out", str(tmp_path / "made"))
    assert made.returncode == 0, made.stderr
    assert {p.suffix for p in (tmp_path / "made").iterdir()} >= {".xlsx", ".docx", ".png", ".svg"}


def test_the_app_listens_on_this_machine_and_reports_to_nobody() -> None:
    import tomllib

    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    assert config["server"]["address"] == "localhost"
    assert config["server"]["maxUploadSize"] == 1
    assert config["browser"]["gatherUsageStats"] is False


def test_there_is_a_licence_and_the_project_names_it() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    words = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert words.startswith(f"{project['license']} License")
    for name in ("README.md", "README.zh.md"):
        assert "LICENSE" in (ROOT / name).read_text(encoding="utf-8")
