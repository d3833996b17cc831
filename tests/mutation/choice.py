"""Which tests are asked about a mutant, in stages: the most telling first."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

from .coverage_map import CoverageMap
from .mutants import Mutant
from .suite import NEVER
from .watched_map import WatchedMap

__all__ = ["Stage", "covering", "near"]

# Paths from tests/, or ids of tests; of an id without a parameter, every parameter.
Stage = list[str]
# Which further tests speak to a package, the nearest first; paths from tests/.
_NEAR = {
    "compiler": ["compiler", "schemas", "crud"],
    "schemas": ["schemas", "openapi", "parsing", "crud"],
    "openapi": ["openapi", "test_examples.py", "test_contract.py"],
    "crud": ["crud", "testing", "sqlalchemy", "openapi"],
    "sqlalchemy": ["sqlalchemy", "crud", "testing", "test_bookstore_migrations.py"],
    "limits": ["limits", "sqlalchemy", "test_hostile.py"],
    "idempotency": ["idempotency", "limits", "sqlalchemy", "test_hostile.py"],
    "cli": ["cli", "test_app_loading.py"],
    "testing": ["testing", "test_examples.py"],
}
_CORE = [
    *("dispatch", "operations", "routing", "rendering", "parsing", "http", "limits", "testing"),
    *("test_app.py", "test_resource.py", "test_media.py", "test_request.py", "test_hostile.py"),
    *("test_settings.py", "test_error_formats.py", "test_problems.py", "test_dependencies.py"),
    *("test_decorators.py", "test_contract.py", "test_typical_mistakes.py"),
]
# So many recorded seconds of tests are spent on one mutant: in the first stage, on the tests of
# its package and the near ones, and on others.
_FIRST, _NEAREST, _OTHERS = 10.0, 150.0, 60.0
# It compares defaults and constants, which run only at import, with a record.
_RECORD = "tests/test_public_api.py"
# A line that at most so many tests run tells which tests a function is about.
_RARE = 1 / 60


def near(root: Path, path: str, *, whole: bool) -> Iterator[Stage]:
    """Yield the tests of a file, of its package, of what is near, and of everything."""
    groups = _groups(path)
    for names in (groups[:1], groups[1:2], groups[2:]):
        found = [f"tests/{name}" for name in names if name and (root / "tests" / name).exists()]
        if found:
            yield found
    if whole:
        yield ["tests"]


def covering(
    root: Path, known: CoverageMap | WatchedMap, mutant: Mutant, source: str
) -> Iterator[Stage]:
    """Yield the tests that run a mutant's line, and those that are new since they were recorded.

    Those come first that run lines of the function which few other tests run; then the tests of
    near files, and among them the quickest. The last stage has the rest of the file's own tests,
    for lines that run once for all tests.
    """
    found = known.tests(mutant.path, source, mutant.line)
    groups = _groups(mutant.path)
    if found is None:
        yield from filter(None, _nearest(root, known, groups))
        return
    files = {each for each in found if "::" not in each}
    run = {each for each in known.seconds if each in found or _file(each) in files}
    run = {each for each in run if (root / _file(each)).exists()}
    rarity = known.rarity(mutant.path, source, mutant.line)

    def place(test: str) -> tuple[float, int, float, str]:
        rare = rarity.get(test, 0.0)
        is_rare = rare >= _RARE
        return -rare if is_rare else 0.0, _distance(test, groups), known.seconds[test], test

    ordered = sorted(run, key=place)
    stages: list[Stage] = [
        [*_new_tests(root, known.copy, groups[:2])],
        [*_new_tests(root, known.copy, groups[2:])],
    ]
    spent = 0.0
    for each in ordered:
        spent += known.seconds[each]
        if spent < (_NEAREST if _distance(each, groups) < 2 else _OTHERS):
            stages[spent > _FIRST].append(each)
    own = f"tests/{groups[0]}"
    stages.append([each for each in (own, _RECORD) if (root / each).exists()])
    yield from filter(None, stages)


def _nearest(root: Path, known: CoverageMap | WatchedMap, groups: list[str]) -> tuple[Stage, Stage]:
    """Return the tests of a file, and the quickest of its package, for a line that none ran."""
    new = _new_tests(root, known.copy, groups[:2])
    recorded = {test: _distance(test, groups) for test in known.seconds}
    ordered = sorted(
        (test for test, distance in recorded.items() if distance < 2),
        key=lambda test: (recorded[test], known.seconds[test], test),
    )
    stages: tuple[Stage, Stage] = [*new], []
    spent = 0.0
    for each in ordered:
        spent += known.seconds[each]
        if spent < _OTHERS and (root / _file(each)).exists():
            stages[bool(recorded[each])].append(each)
    return stages


def _groups(path: str) -> list[str]:
    """Return the tests of a file, its package's ("" without one) and the near ones'."""
    inner = Path(path).relative_to("restkit")
    own = (inner.parent / f"test_{inner.name}").as_posix()
    package = inner.parts[0] if len(inner.parts) > 1 else ""
    return [
        own,
        package,
        *(each for each in _NEAR.get(package, [*_CORE, "crud"]) if each != package),
    ]


def _file(test: str) -> str:
    return test.partition("::")[0]


def _distance(test: str, groups: list[str]) -> int:
    file = _file(test).removeprefix("tests/")
    for place, group in enumerate(groups):
        if group and (file == group or file.startswith(f"{group}/")):
            return min(place, 2)
    return 3


def _new_tests(root: Path, recorded: Path, groups: list[str]) -> Iterator[str]:
    """Yield the near tests that are new or changed since the map was made."""
    for group in filter(None, dict.fromkeys(groups)):
        place = root / "tests" / group
        for file in sorted(place.rglob("test_*.py") if place.is_dir() else [place]):
            name = file.relative_to(root)
            if not file.exists() or name.parts[1] in NEVER:
                continue
            before = _functions(recorded / name)
            for function, text in _functions(file).items():
                if before.get(function) != text:
                    yield f"{name.as_posix()}::{function}"


def _functions(file: Path) -> dict[str, str]:
    if not file.exists():
        return {}
    tree = ast.parse(file.read_text("utf-8"))
    return {
        node.name: ast.dump(node)
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test")
    }


def files(stage: Iterable[str]) -> list[str]:
    """Return the paths of a stage, each once."""
    return [*dict.fromkeys(_file(each) for each in stage)]
