"""Instructions of what must not grow with what a request does not touch, and of small responses.

``python -m tests.benchmarks.untouched`` asks Apps of 10, 100, 1,000 and 5,000 parts under
callgrind, and Apps of one resource for responses with an entity tag, a problem or a 405, and
prints the counts; ``--record`` writes results/untouched.json, from which the page is made. Needs
valgrind.
"""

from __future__ import annotations

import gc
import io
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from restkit import App, NotFound, Resource, raises
from restkit.crud import CRUDResource, MemoryStore

from .instructions import counts
from .record import RECORDED, part_about, save
from .switch import Switch

__all__ = ["DEMANDED", "GROWING", "RECORD", "SIZES", "SMALL", "main"]

RECORD = RECORDED.with_name("untouched.json")
SIZES = (10, 100, 1_000, 5_000)
_REQUESTS = 50
DEMANDED = {
    "hello with an entity tag": 12_000,
    "If-None-Match, 304": 24_000,
    "a raised Problem": 15_000,
    "405": 25_000,
}
"""The most that a response may cost above hello; a 304 costs that of its entity tag besides."""

Ask = Callable[[], object]


def asking(app: App, path: str, method: str = "GET", body: bytes = b"", **headers: str) -> Ask:
    """Return a function that asks an App as a server does."""
    app.freeze()
    environ = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "127.0.0.1:8000",
        "HTTP_ACCEPT": "*/*",
        "wsgi.url_scheme": "http",
        "wsgi.errors": sys.stderr,
        **headers,
    }

    def start_response(status: str, headers: Any, exc_info: Any = None) -> Any:
        return None

    def ask() -> object:
        given = environ.copy()
        given["wsgi.input"] = io.BytesIO(body)
        return list(app(given, start_response))

    return ask


def _with_patterns(count: int, pattern: str) -> App:
    app = App("Many")
    for number in range(count):
        app.get(pattern.format(number), name=f"part-{number}")(lambda key: {"key": key})
    return app


def url_of_a_name(count: int) -> Ask:
    app = _with_patterns(count, "/part-{}/<int:key>")
    app.freeze()
    return lambda: app.url_for(f"part-{count - 1}", key=7)


def url_of_a_class(count: int) -> Ask:
    app = _with_patterns(count - 1, "/part-{}/<int:key>")

    @app.route("/last/<int:key>")
    class Last(Resource):
        def get(self, key: int) -> dict[str, int]:
            return {"key": key}

    app.freeze()
    return lambda: app.url_for(Last, key=7)


def unknown_url(count: int) -> Ask:
    return asking(_mounted(count, "/part-{}"), "/nowhere")


def unknown_url_of_a_part(count: int) -> Ask:
    return asking(_mounted(count, "/part-{}"), f"/part-{count // 2}/nowhere")


def unknown_url_below_a_variable(count: int) -> Ask:
    return asking(_mounted(count, "/<int:key>/part-{}"), f"/7/part-{count // 2}/nowhere")


def _mounted(count: int, prefix: str) -> App:
    app = App("Many")
    for number in range(count):
        part = App(f"Part {number}")
        part.get("/known", name="known")(lambda **values: values)
        app.mount(prefix.format(number), part)
    return app


def part_of_a_segment(count: int) -> Ask:
    return asking(_with_patterns(count, "/part-{}-<int:key>"), f"/part-{count - 1}-7")


def text_behind_a_path(count: int) -> Ask:
    return asking(_with_patterns(count, "/<path:key>/part-{}"), f"/a/b/part-{count - 1}")


def no_part_of_a_segment(count: int) -> Ask:
    return asking(_with_patterns(count, "/part-{}-<int:key>"), "/nowhere")


@dataclass
class _Part:
    name: str
    id: int = 0


def _stored(count: int) -> App:
    class Parts(CRUDResource[_Part]):
        store = MemoryStore(_Part, items=[_Part(f"part {each}") for each in range(count)])
        sorts = ("name",)

    app = App("Many")
    app.add("/parts", Parts)
    return app


def page_in_memory(count: int) -> Ask:
    return asking(_stored(count), "/parts", QUERY_STRING="limit=10")


def item_in_memory(count: int) -> Ask:
    return asking(_stored(count), "/parts/7")


def patch_in_memory(count: int) -> Ask:
    app = _stored(count)
    body = b'{"name": "another name"}'
    headers = {"CONTENT_TYPE": "application/merge-patch+json", "CONTENT_LENGTH": str(len(body))}
    return asking(app, "/parts/7", "PATCH", body=body, **headers)


GROWING: Mapping[str, Callable[[int], Ask]] = {
    "url_for of a name": url_of_a_name,
    "url_for of a class": url_of_a_class,
    "404 of many mounted Apps": unknown_url,
    "404 below one of many mounted Apps": unknown_url_of_a_part,
    "404 below one of many Apps, mounted below a variable": unknown_url_below_a_variable,
    "one of many patterns `/part-1-<int:key>`": part_of_a_segment,
    "404 of many patterns `/part-1-<int:key>`": no_part_of_a_segment,
    "one of many patterns `/<path:key>/part-1`": text_behind_a_path,
    "a page of 10 of many items in memory": page_in_memory,
    "one of many items in memory": item_in_memory,
    "PATCH of one of many items in memory": patch_in_memory,
}
"""What is asked of an App with so many routes, mounted Apps or items."""


def _hello() -> App:
    app = App("Hello")

    @app.route("/")
    class Hello(Resource):
        def get(self) -> dict[str, str]:
            return {"hello": "world"}

    return app


def _tagged() -> App:
    app = App("Hello")

    @app.route("/")
    class Hello(Resource):
        conditional = True

        def get(self) -> dict[str, str]:
            self.entity_tag = "v1"
            return {"hello": "world"}

    return app


def _raising() -> App:
    app = App("Hello")

    @app.route("/")
    class Hello(Resource):
        @raises(NotFound)
        def get(self) -> dict[str, str]:
            raise NotFound("There is no world.")

    return app


SMALL: Mapping[str, Callable[[], Ask]] = {
    "hello of a class": lambda: asking(_hello(), "/"),
    "hello with an entity tag": lambda: asking(_tagged(), "/"),
    "If-None-Match, 304": lambda: asking(_tagged(), "/", HTTP_IF_NONE_MATCH='"v1"'),
    "a raised Problem": lambda: asking(_raising(), "/"),
    "405": lambda: asking(_hello(), "/", "DELETE"),
}
"""What is asked of an App with one resource."""


def count(ask: Ask) -> None:
    """Ask often with callgrind switched on."""
    switch = Switch()
    for _ in range(20):
        ask()
    gc.collect()
    gc.freeze()
    switch.on()
    switch.zero()
    for _ in range(_REQUESTS):
        ask()
    switch.dump()


def _counted(*arguments: str) -> int:
    return counts("tests.benchmarks.untouched", *arguments, limit=3_600)[0] // _REQUESTS


def main(arguments: list[str]) -> None:
    """Measure, print, and perhaps record; or ask for what the arguments name."""
    if arguments and arguments[0] in GROWING:
        count(GROWING[arguments[0]](int(arguments[1])))
        return
    if arguments and arguments[0] in SMALL:
        count(SMALL[arguments[0]]())
        return
    growing: dict[str, dict[str, int]] = {}
    for name in GROWING:
        growing[name] = {str(size): _counted(name, str(size)) for size in SIZES}
        print(f"{name}: {', '.join(f'{each:,}' for each in growing[name].values())}", flush=True)
    small = {name: _counted(name) for name in SMALL}
    print(small, flush=True)
    if "--record" in arguments:
        save(RECORD, {"about": part_about(["restkit"]), "growing": growing, "small": small})


if __name__ == "__main__":
    main(sys.argv[1:])
