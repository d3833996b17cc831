"""Processor time of importing the module that ``restkit client`` writes for 500 operations.

``python -m tests.benchmarks.client_module`` prints the best of five processes, with restkit
imported before and byte code written.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from .instructions import environment

__all__ = ["large", "main"]

_COLLECTIONS = 100
_RUNS = 5
_TIMED = """
import time
import restkit
began = time.process_time()
import large_client
print(time.process_time() - began)
"""


def large(collections: int) -> dict[str, Any]:
    """Return a document of collections of twelve members, with five operations each."""
    kinds = {"string": "s", "integer": "i", "number": "n", "boolean": "b"}
    members = {f"{letter}{n}": {"type": kind} for kind, letter in kinds.items() for n in range(3)}
    paths: dict[str, Any] = {}
    schemas: dict[str, Any] = {}
    key = {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}
    for n in range(collections):
        reference = {"$ref": f"#/components/schemas/Thing{n}"}
        media = {"content": {"application/json": {"schema": reference}}}
        schemas[f"Thing{n}"] = {"type": "object", "properties": members, "required": ["s0"]}
        page = {"properties": {"items": {"type": "array", "items": reference}, "next": {}}}
        pages = {"content": {"application/json": {"schema": page}}}
        paths[f"/things{n}"] = {
            "get": {"operationId": f"listThings{n}", "responses": {"200": pages}},
            "post": {
                "operationId": f"createThing{n}",
                "requestBody": {"required": True, **media},
                "responses": {"201": media},
            },
        }
        paths[f"/things{n}/{{id}}"] = {
            "parameters": [key],
            "get": {"operationId": f"getThing{n}", "responses": {"200": media}},
            "put": {
                "operationId": f"replaceThing{n}",
                "requestBody": {"required": True, **media},
                "responses": {"200": media},
            },
            "delete": {"operationId": f"deleteThing{n}", "responses": {"204": {}}},
        }
    info = {"title": "Large", "version": "1"}
    return {"openapi": "3.1.1", "info": info, "paths": paths, "components": {"schemas": schemas}}


def main() -> int:
    """Print the time."""
    from restkit.client.python_module import python_module

    found: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "large_client.py").write_text(python_module(large(_COLLECTIONS)), "utf-8")
        variables = environment(PYTHONPYCACHEPREFIX=folder, PYTHONDONTWRITEBYTECODE="")
        variables["PYTHONPATH"] = f"{variables.get('PYTHONPATH', '')}:{folder}"
        for _ in range(_RUNS + 1):
            command = [sys.executable, "-c", _TIMED]
            done = subprocess.run(
                command, env=variables, capture_output=True, text=True, check=True
            )
            found.append(float(done.stdout))
    print(f"{min(found[1:]) * 1000:.1f} ms for {_COLLECTIONS * 5} operations")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
