"""Schemathesis against the examples over a database: every phase, every check, and no failure.

The bookstore has 100 examples an operation on SQLite; ``RESTKIT_TEST_EXAMPLES=100`` asks for as
many everywhere.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import time
from collections import Counter, defaultdict
from collections.abc import Generator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from databases import KINDS, database_url
from schemathesis.config import SchemathesisConfig

from restkit import App, Response
from restkit.sqlalchemy import Database
from restkit.verification import hooks as _hooks  # noqa: F401  # it registers itself

from .places import ROOT, script, serve_bookstore

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

pytestmark = pytest.mark.external

_EXAMPLES = 100
# CI has half an hour for everything; what PostgreSQL could answer otherwise is found by fewer
# examples too.
_FEW = {("bookstore", "postgresql"): 15, ("todo", "sqlite"): 30, ("todo", "postgresql"): 15}
_SEED = 1
_PHASES = ("examples", "coverage", "fuzzing", "stateful")
_CRUD = (
    "GET {0}",
    "POST {0}",
    "GET {0}/{{id}}",
    "PUT {0}/{{id}}",
    "PATCH {0}/{{id}}",
    "DELETE {0}/{{id}}",
)
_OPERATIONS = {
    "bookstore": {
        *(each.format(path) for each in _CRUD for path in ("/authors", "/books")),
        "GET /authors/{author_id}/books",
        "GET /authors/{author_id}/books/{id}",
        "GET /books/{book_id}/cover",
        "PUT /books/{book_id}/cover",
    },
    "todo": {each.format("/todos") for each in _CRUD},
}


@dataclass
class _Tally:
    """Is what one run in this process did and found."""

    checks: Counter[str] = field(default_factory=Counter)
    phases: Counter[str] = field(default_factory=Counter)
    statuses: defaultdict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    findings: list[str] = field(default_factory=list)
    ended: str = "never"
    seconds: float = 0

    def __str__(self) -> str:
        figures = (
            f"{self.checks.total()} checks in {self.seconds:.0f} s, ended: "
            f"{self.ended}, {dict(self.phases)}"
        )
        return "\n\n".join([figures, *self.findings])


def _run(app: App, examples: int) -> _Tally:
    """Let the engine run against an App in this process."""
    settings = {"seed": _SEED, "generation": {"max-examples": examples, "database": "none"}}
    config = SchemathesisConfig.from_dict(settings)
    schema = schemathesis.openapi.from_wsgi("/openapi.json", _closing(app), config=config)
    tally, began = _Tally(), time.monotonic()
    for event in schemathesis.engine.from_schema(schema).execute():
        kind = type(event).__name__
        if kind in ("NonFatalError", "FatalError", "Interrupted"):
            tally.findings.append(
                f"{kind}: {getattr(event, 'value', None) or getattr(event, 'exception', event)!r}"
            )
        elif kind == "EngineFinished":
            tally.ended = str(event.stop_reason)
            tally.findings += [f"after the run: {failure}" for failure in event.failures]
        elif kind == "ScenarioFinished":
            _record(tally, str(event.phase.value), event.recorder)
    tally.seconds = time.monotonic() - began
    return tally


def _closing(app: App) -> WSGIApplication:
    """Close each answer, as PEP 3333 asks of a server;
    the transport of Schemathesis leaves it open.
    """

    def call(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        # the validator's has close()
        with closing(app(environ, start_response)) as response:  # type: ignore[type-var]
            return list(response)

    return call


def _record(tally: _Tally, phase: str, recorder: Any) -> None:
    for case_id, interaction in recorder.interactions.items():
        if interaction.response is not None:
            tally.statuses[recorder.cases[case_id].value.operation.label].add(
                interaction.response.status_code
            )
    for case_id, nodes in recorder.checks.items():
        case = recorder.cases[case_id].value
        for node in nodes:
            tally.checks[node.name] += 1
            tally.phases[phase] += 1
            if node.failure_info is not None:
                message = node.failure_info.failure.message
                curl = case.as_curl_command()
                tally.findings.append(
                    f"{node.name} in {phase}: {case.operation.label}\n{message}\n{curl}"
                )


@contextmanager
def _example(name: str, url: str) -> Generator[App]:
    """Make an example's App on an empty database."""
    if name == "bookstore":
        from examples.bookstore import create_app
        from examples.bookstore.models import Base

        database = Database(url, create=Base.metadata)
        app = create_app(database)
    else:
        spec = importlib.util.spec_from_file_location(
            "todo_example", ROOT / "examples" / f"{name}.py"
        )
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        database = Database(url, create=module.Base.metadata)
        app = App("Todo")  # as the module's own, on another database
        app.install(database)
        app.add("/todos", module.Todos)
    try:
        yield app
    finally:
        database.close()


# NOTE: Schemathesis tries the method QUERY on purpose, and the standard library's validator does
# not know that one.
@pytest.mark.filterwarnings("ignore:Unknown REQUEST_METHOD:wsgiref.validate.WSGIWarning")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", _OPERATIONS)
def test_an_example_holds_in_process(
    name: str, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All checks hold in all phases,
    and every operation was brought to succeed and to refuse at least once.
    """
    monkeypatch.syspath_prepend(str(ROOT))
    with database_url(kind, tmp_path) as url, _example(name, url) as app:
        tally = _run(
            app, int(os.environ.get("RESTKIT_TEST_EXAMPLES") or _FEW.get((name, kind), _EXAMPLES))
        )

    assert not tally.findings, str(tally)
    assert tally.ended == "completed", str(tally)
    assert set(tally.phases) == set(_PHASES), str(tally)
    assert set(tally.checks) == set(schemathesis.checks.CHECKS.get_all_names()), str(tally)
    assert set(tally.statuses) == _OPERATIONS[name], str(tally)
    for operation, statuses in tally.statuses.items():
        assert {status // 100 for status in statuses} >= {2, 4}, (
            f"{operation} answered only {sorted(statuses)}"
        )


def test_an_answer_outside_the_document_is_found() -> None:
    """The run is a net with meshes:
    an App that answers what its document does not say does not get through.
    """
    app = App("Liar", contract="off")

    @app.get("/things/<int:thing_id>")
    def get_thing(thing_id: int) -> Response:
        return Response("I am a teapot.", status=418, content_type="text/plain")

    tally = _run(app, 1)

    assert any(found.startswith("status_code_conformance") for found in tally.findings), str(tally)
    assert any("curl -X GET" in found and "/things/" in found for found in tally.findings), str(
        tally
    )


def test_the_bookstore_holds_served(tmp_path: Path) -> None:
    """The command of Schemathesis finds nothing over HTTP either,
    with all operations tested in all phases.
    """
    report = tmp_path / "report.json"
    environ = {**os.environ, "SCHEMATHESIS_HOOKS": "restkit.verification.hooks"}
    options = (
        f"-c all -n {_EXAMPLES} --seed {_SEED} --phases {','.join(_PHASES)} "
        "--continue-on-failure --no-color"
    )
    reports = ["--report", "json", "--report-json-path", str(report)]
    with serve_bookstore(tmp_path) as url:
        command = [
            script("st"),
            "run",
            f"{url}/openapi.json",
            *options.split(),
            "--generation-database",
            "none",
            *reports,
        ]
        done = subprocess.run(
            command, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False
        )
    printed = done.stdout + done.stderr

    assert done.returncode == 0, printed
    said = json.loads(report.read_text("utf-8"))
    assert said["complete"], printed
    assert (
        said["operations"]["selected"]
        == said["operations"]["tested"]
        == len(_OPERATIONS["bookstore"])
    ), printed
    assert {name: phase["status"] for name, phase in said["phases"].items()} == dict.fromkeys(
        _PHASES, "success"
    ), printed
    assert said["test_cases"]["generated"] > _EXAMPLES * len(_OPERATIONS["bookstore"]), printed
    assert said["test_cases"] | {"with_failures": 0, "errored": 0} == said["test_cases"], printed
    assert said["failures"] == [], printed
    assert said["errors"] == [], printed
    assert "No issues found" in printed, printed
