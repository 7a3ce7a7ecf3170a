"""The rules of the house (DESIGN.md §7, CONTRIBUTING.md) that a program can check."""

import ast
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("casebus", "producers", "consumers")
MODULES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for package in PACKAGES
    for path in sorted((ROOT / package).rglob("*.py"))
}
LONGEST = 350
WORD_LISTS = {"casebus/events/enumerations.py", "casebus/events/types.py"}
"""The vocabulary: lists without logic, that a newcomer reads in one piece."""

VAGUE = {"utils", "util", "helpers", "helper", "common", "base", "manager", "misc", "service", "core", "shared"}
TELLS_TIME = {
    *(("datetime", name) for name in ("now", "utcnow", "today")),
    ("date", "today"),
    *(("time", name) for name in ("time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "sleep", "gmtime")),
}


def offenders(offends: Callable[[ast.AST], bool]) -> list[str]:
    """Return file:line of every node that breaks a rule."""
    return [
        f"{name}:{getattr(node, 'lineno', 0)}"
        for name, text in MODULES.items()
        for node in ast.walk(ast.parse(text))
        if offends(node)
    ]


def asks_the_machine(node: ast.AST) -> bool:
    match node:
        case ast.Attribute(value=ast.Name(id=owner) | ast.Attribute(attr=owner), attr=name):
            return (owner, name) in TELLS_TIME
        case ast.ImportFrom(module="time"):
            return True
        case _:
            return False


def test_only_the_clock_asks_the_machine_what_time_it_is() -> None:
    asked = offenders(asks_the_machine)
    assert {place.partition(":")[0] for place in asked} == {"casebus/clock.py"}, asked


def swallows(node: ast.AST) -> bool:
    """Tell whether a handler catches everything; one for BaseException may, if it raises again or hands the error on."""
    if not isinstance(node, ast.ExceptHandler):
        return False
    caught = {each.id for each in ast.walk(node.type) if isinstance(each, ast.Name)} if node.type else {"Exception"}
    if "BaseException" not in caught:
        return "Exception" in caught
    body = [each for statement in node.body for each in ast.walk(statement)]
    raises = any(isinstance(each, ast.Raise) for each in body)
    return not (raises or any(isinstance(each, ast.Name) and each.id == node.name for each in body))


def test_no_handler_swallows_what_nobody_expected() -> None:
    assert offenders(swallows) == []


def test_a_module_is_no_longer_than_a_reader_can_hold() -> None:
    lines = {name: text.count("\n") for name, text in MODULES.items() if name not in WORD_LISTS}
    assert {name: count for name, count in lines.items() if count > LONGEST} == {}


def test_the_word_lists_hold_no_logic() -> None:
    logic = (ast.FunctionDef, ast.Lambda, ast.If, ast.For, ast.While, ast.Try)
    found = offenders(lambda node: isinstance(node, logic))
    assert [place for place in found if place.partition(":")[0] in WORD_LISTS] == []


def test_a_modules_name_says_what_is_in_it() -> None:
    assert [name for name in MODULES if VAGUE & set(re.split(r"[/._]", name))] == []


def test_nothing_is_left_for_later() -> None:
    # The words stand here as what is looked for; MODULES has no test in it.
    assert [name for name, text in MODULES.items() if re.search(r"\b(TODO|FIXME|XXX|HACK)\b", text)] == []


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


def test_every_module_has_its_place_among_the_layers() -> None:
    configured = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"][0]
    placed = {module.strip() for layer in configured["layers"] for module in layer.split(":")}
    packages = {name for name in MODULES if name.endswith("__init__.py")}  # they hold a docstring
    dotted = [name.removesuffix(".py").replace("/", ".") for name in MODULES.keys() - packages]
    ours = [name for name in dotted if name.startswith("casebus.")]
    assert [name for name in ours if not any(f"{name}.".startswith(f"{place}.") for place in placed)] == []


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from this tree and unpacked."""
    target = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(target)]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert built.returncode == 0, built.stdout + built.stderr
    (archive,) = target.glob("*.whl")
    with zipfile.ZipFile(archive) as file:
        file.extractall(target / "site")
    return target / "site"


def files(directory: Path, pattern: str, named_from: Path) -> set[str]:
    return {path.relative_to(named_from).as_posix() for path in directory.rglob(pattern) if path.is_file()}


def test_the_wheel_holds_the_library_the_contract_and_nothing_of_the_workshop(wheel: Path) -> None:
    modules = {name for package in PACKAGES for name in files(ROOT / package, "*.py", ROOT)}
    contract = {f"casebus/{name}" for kind in ("*.avsc", "*.lock") for name in files(ROOT / "schemas", kind, ROOT)}
    migrations = files(ROOT / "casebus/store/migrations", "*.sql", ROOT)
    pages = files(ROOT / "casebus/console/templates", "*.html", ROOT) | files(
        ROOT / "casebus/console/static", "*", ROOT
    )
    assert "casebus/schemas/schemas.lock" in contract
    assert len(contract) > 10
    assert migrations
    assert pages
    assert {
        name for name in files(wheel, "*", wheel) if ".dist-info/" not in name
    } == modules | contract | migrations | pages


def test_the_unpacked_wheel_finds_its_own_schemas(wheel: Path, tmp_path: Path) -> None:
    code = (
        "import casebus; from casebus.wire.schemas import Schemas, schemas_directory;"
        "print(casebus.__file__, schemas_directory(), len(list(Schemas.load())), sep='\\n')"
    )
    environment = {**os.environ, "PYTHONPATH": str(wheel)}
    command = [sys.executable, "-B", "-c", code]  # -B: what is asked is what the wheel holds, not what running it adds
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    package, schemas, count = done.stdout.splitlines()
    assert Path(package) == wheel / "casebus" / "__init__.py"
    assert Path(schemas) == wheel / "casebus" / "schemas"
    assert int(count) == len(list((ROOT / "schemas").glob("*.avsc")))
