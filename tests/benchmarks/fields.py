"""Instructions of one more field in a schema: loaded, dumped, and as a parameter of a request.

``python -m tests.benchmarks.fields`` prints thousand instructions of each field of marshmallow, as
a request's schema loads it from JSON data and a response's schema writes it from an object:
schemas with 1 and with 11 such fields are used under callgrind, and the difference is divided by
10. Parameters are counted in whole requests, whose schemas have 1 and 11 of them. ``--only TEXT``
counts the fields with that text in their name; ``--record`` counts the requests of `everyday` too,
and writes results/fields.json, from which the page is made. Needs valgrind.
"""

from __future__ import annotations

import argparse
import gc
import io
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from marshmallow import Schema, fields

from restkit import App, takes
from restkit.schemas.bound import View, bind

from .cases import EVERYDAY
from .field_kinds import KINDS, Kind
from .instructions import counts, per_request
from .record import part_about, save
from .switch import Switch

__all__ = ["LOCATIONS", "RECORD", "WAYS", "main"]

RECORD = Path(__file__).parent / "results" / "fields.json"
FEW, MANY, TIMES, WARM = 1, 11, 20, 3
WAYS = ("load", "dump")
LOCATIONS = ("query", "headers", "cookies", "form")
_VERSIONS = ("restkit", "marshmallow", "msgspec", "orjson")

_Call = Callable[[], object]


def _names(number: int) -> list[str]:
    return [f"f{each:02}" for each in range(number)]


def _schema(kind: Kind, number: int) -> type[Schema]:
    return Schema.from_dict({name: kind.make() for name in _names(number)})


def _loading(kind: Kind, number: int) -> _Call:
    bound = bind(_schema(kind, number), View.REQUEST, declared_at="fields")
    data = dict.fromkeys(_names(number), kind.loaded)
    return lambda: bound.load(data)


def _dumping(kind: Kind, number: int) -> _Call:
    bound = bind(_schema(kind, number), View.RESPONSE, declared_at="fields")
    value = SimpleNamespace(**dict.fromkeys(_names(number), kind.dumped))
    return lambda: bound.json_writer.one(value)


def _environ(location: str, names: list[str]) -> dict[str, Any]:
    """Return the environ of a request with these parameters."""
    pairs = [f"{name}=7" for name in names]
    environ = {
        "REQUEST_METHOD": "POST" if location == "form" else "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/",
        "QUERY_STRING": "&".join(pairs) if location == "query" else "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "127.0.0.1:8000",
        "wsgi.url_scheme": "http",
        "wsgi.errors": sys.stderr,
        "wsgi.input": io.BytesIO(),
    }
    if location == "headers":
        environ |= {f"HTTP_{name.upper()}": "7" for name in names}
    if location == "cookies" and pairs:
        environ["HTTP_COOKIE"] = "; ".join(pairs)
    if location == "form":
        content = "&".join(pairs)
        environ["CONTENT_TYPE"] = "application/x-www-form-urlencoded"
        environ["CONTENT_LENGTH"] = str(len(content))
        environ["content"] = content.encode()
    return environ


def _asking(location: str, number: int, *, present: bool) -> _Call:
    app = App("Parameters")
    names = _names(number)
    schema = Schema.from_dict({name: fields.Int() for name in names})
    given: Any = {location: schema}

    made = {"query": _of_query, "headers": _of_headers, "cookies": _of_cookies, "form": _of_form}
    method = app.post if location == "form" else app.get
    method("/")(takes(**given)(made[location]))
    template = _environ(location, names if present else [])
    content: bytes = template.pop("content", b"")

    def ask() -> None:
        environ = template.copy()
        environ["wsgi.input"] = io.BytesIO(content)
        b"".join(app(environ, _start_response))

    return ask


def _of_query(query: dict[str, Any]) -> dict[str, str]:
    return {}


def _of_headers(headers: dict[str, Any]) -> dict[str, str]:
    return {}


def _of_cookies(cookies: dict[str, Any]) -> dict[str, str]:
    return {}


def _of_form(form: dict[str, Any]) -> dict[str, str]:
    return {}


def _start_response(status: str, headers: list[tuple[str, str]], _: Any = None) -> Any:
    if not status.startswith("20"):
        raise RuntimeError(status)


def _calls(only: str) -> Iterator[tuple[str, _Call, _Call]]:
    """Yield each name with what is called for few and for many fields."""
    for name, kind in KINDS.items():
        if only in name:
            yield f"{name}|load", _loading(kind, FEW), _loading(kind, MANY)
            yield f"{name}|dump", _dumping(kind, FEW), _dumping(kind, MANY)
    for location in LOCATIONS:
        for word in ("present", "absent"):
            name = f"Int in {location}, {word}"
            if only in name:
                present = word == "present"
                few, many = (_asking(location, each, present=present) for each in (FEW, MANY))
                yield f"{name}|load", few, many


def _count(only: str) -> None:
    """Call everything under callgrind."""
    calls = [call for _, few, many in _calls(only) for call in (few, many)]
    for call in calls:
        for _ in range(WARM):
            call()
    gc.collect()
    gc.freeze()  # so that no full collection falls into a count by chance
    switch = Switch()
    switch.on()
    for call in calls:
        switch.zero()
        for _ in range(TIMES):
            call()
        switch.dump()


def _measure(only: str) -> dict[str, dict[str, int]]:
    found = counts("tests.benchmarks.fields", "--count", "--only", only)
    figures: dict[str, dict[str, int]] = {}
    for number, (name, _, _) in enumerate(_calls(only)):
        few, many = found[2 * number : 2 * number + 2]
        title, _, way = name.partition("|")
        figures.setdefault(title, {})[way] = (many - few) // (TIMES * (MANY - FEW))
    return figures


def main(arguments: list[str]) -> None:
    """Print the table, and perhaps record it; or make the calls that are counted."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.fields", description=__doc__)
    parser.add_argument("--only", default="", help="a part of the names of fields")
    parser.add_argument("--count", action="store_true", help="make the calls, and print nothing")
    parser.add_argument("--record", action="store_true", help="keep the figures for the page")
    options = parser.parse_args(arguments)
    if options.count:
        _count(options.only)
        return
    figures = _measure(options.only)
    for title, ways in figures.items():
        shown = " / ".join(f"{count / 1000:.1f}" for count in ways.values())
        print(f"{title:36} {shown}", flush=True)
    if options.record:
        requests = {name: per_request("restkit", case) for name, case in EVERYDAY.items()}
        about = part_about(_VERSIONS)
        save(RECORD, {"about": about, "instructions": figures, "requests": requests})


if __name__ == "__main__":
    main(sys.argv[1:])
