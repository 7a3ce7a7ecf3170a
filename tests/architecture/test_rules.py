"""The rules of the house (DESIGN.md §7, CONTRIBUTING.md) that a program can check."""

import ast
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("casebus", "producers", "consumers")
MODULES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
LONGEST = 350
WORD_LISTS = {"casebus/events/enumerations.py", "casebus/events/types.py"}
"""The vocabulary: lists without logic, that a newcomer reads in one piece."""

VAGUE = {"utils", "util", "helpers", "helper", "common", "base", "manager", "misc", "service", "core", "shared"}
CLOCKS = {
    *(("datetime", name) for name in ("now", "utcnow", "today")),
    ("date", "today"),
    *(
        ("time", name)
        for name in ("time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "sleep", "localtime", "gmtime")
    ),
}


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def each_module(function: object) -> object:
    return pytest.mark.parametrize("path", MODULES, ids=name_of)(function)  # type: ignore[operator]


def nodes(path: Path) -> Iterator[ast.AST]:
    return ast.walk(ast.parse(path.read_text(encoding="utf-8")))


def asks_the_machine(node: ast.AST) -> bool:
    match node:
        case ast.Attribute(value=ast.Name(id=owner) | ast.Attribute(attr=owner), attr=name):
            return (owner, name) in CLOCKS
        case ast.ImportFrom(module="time"):
            return True
        case _:
            return False


@each_module
def test_only_the_clock_asks_the_machine_what_time_it_is(path: Path) -> None:
    asked = [node.lineno for node in nodes(path) if asks_the_machine(node)]  # type: ignore[attr-defined]
    assert bool(asked) == (name_of(path) == "casebus/clock.py"), f"lines {asked}"


def swallows(handler: ast.ExceptHandler) -> bool:
    """Tell whether a handler catches everything; one for BaseException may, if it raises again or hands the error on."""
    caught = {node.id for node in ast.walk(handler.type) if isinstance(node, ast.Name)} if handler.type else {"all"}
    if caught & {"all", "Exception"}:
        return True
    if "BaseException" not in caught:
        return False
    body = [node for statement in handler.body for node in ast.walk(statement)]
    raises = any(isinstance(node, ast.Raise) for node in body)
    hands_on = handler.name is not None and any(isinstance(n, ast.Name) and n.id == handler.name for n in body)
    return not (raises or hands_on)


@each_module
def test_nothing_is_swallowed(path: Path) -> None:
    caught = [node.lineno for node in nodes(path) if isinstance(node, ast.ExceptHandler) and swallows(node)]
    assert caught == [], f"lines {caught} catch what nobody expected"


@each_module
def test_a_module_is_no_longer_than_a_reader_can_hold(path: Path) -> None:
    if name_of(path) not in WORD_LISTS:
        assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST


def test_the_word_lists_hold_no_logic() -> None:
    for name in WORD_LISTS:
        logic = (ast.FunctionDef, ast.Lambda, ast.If, ast.For, ast.While, ast.Try)
        assert not any(isinstance(node, logic) for node in nodes(ROOT / name)), name


@each_module
def test_a_modules_name_says_what_is_in_it(path: Path) -> None:
    assert not VAGUE & set(path.relative_to(ROOT).with_suffix("").parts)
    assert not VAGUE & set(path.stem.split("_"))


@each_module
def test_nothing_is_left_for_later(path: Path) -> None:
    assert not re.search(r"\b(TODO|FIXME|XXX|HACK)\b", path.read_text(encoding="utf-8"))


def test_no_file_names_a_machine_or_a_registry() -> None:
    # The words are put together here so that this file passes its own rule.
    paths, hosts = (
        "/(wo{}rk|fa{}rm|ro{}ot)/",
        r"py{}pi\.org|python{}hosted|registry\.np{}mjs|repo1?\.ma{}ven|deb\.deb{}ian",
    )
    pattern = f"{paths}|{hosts}".replace("{}", "")
    found = subprocess.run(["git", "grep", "-nIE", "--untracked", pattern], cwd=ROOT, capture_output=True, text=True)
    assert found.returncode == 1, found.stdout + found.stderr


def test_imports_point_one_way() -> None:
    done = subprocess.run([Path(sys.executable).parent / "lint-imports"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-4000:]


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from this tree and unpacked."""
    target = tmp_path_factory.mktemp("wheel")
    built = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(target)],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert built.returncode == 0, built.stdout + built.stderr
    (archive,) = target.glob("*.whl")
    with zipfile.ZipFile(archive) as file:
        file.extractall(target / "site")
    return target / "site"


def test_the_wheel_holds_the_library_the_contract_and_nothing_of_the_workshop(wheel: Path) -> None:
    held = {path.relative_to(wheel).as_posix() for path in wheel.rglob("*") if path.is_file()}
    expected = {name_of(path) for path in MODULES}
    expected |= {f"casebus/schemas/{path.name}" for path in (ROOT / "schemas").iterdir()}
    expected |= {name_of(path) for path in (ROOT / "casebus/store/migrations").rglob("*.sql")}
    assert any(name.endswith(".lock") for name in expected)
    assert any(name.endswith(".sql") for name in expected)
    assert expected <= held
    assert {name for name in held - expected if ".dist-info/" not in name} == set()


def test_the_unpacked_wheel_finds_its_own_schemas(wheel: Path, tmp_path: Path) -> None:
    code = (
        "import casebus; from casebus.wire.schemas import Schemas, schemas_directory;"
        "print(casebus.__file__, schemas_directory(), len(list(Schemas.load())), sep='\\n')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(wheel)}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    package, schemas, count = done.stdout.splitlines()
    assert Path(package) == wheel / "casebus" / "__init__.py"
    assert Path(schemas) == wheel / "casebus" / "schemas"
    assert int(count) == len(list((ROOT / "schemas").glob("*.avsc")))
