"""What is wrong with a response to a bad input."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from .attack import MARKER, Attack
from .wire import Received

__all__ = ["Document", "faults_of", "is_of_the_server"]

_PROBLEM = "application/problem+json"
_NEEDED = {405: "allow", 401: "www-authenticate"}
_VERBS = {"HEAD": "GET"}


def is_of_the_server(response: Received) -> bool:
    """Return whether gunicorn has refused the request itself, before the application saw it."""
    return "server" not in response.headers and response.media_type == "text/html"


class Document:
    """The document of the service, as the judge of its responses."""

    def __init__(self, content: Mapping[str, Any]) -> None:
        self._content = content
        self._registry: Registry[Any] = Registry().with_resource(
            "urn:document", DRAFT202012.create_resource(dict(content))
        )
        self._validators: dict[str, Draft202012Validator] = {}

    @cached_property
    def _templates(self) -> list[tuple[str, re.Pattern[str]]]:
        # Those without variables come first.
        paths = sorted(self._content["paths"], key=lambda each: (each.count("{"), each))
        return [(each, re.compile(re.sub(r"\{\w+\}", "[^/]+", each))) for each in paths]

    def faults(self, method: str, path: str, response: Received) -> Iterator[str]:
        """Yield what the document does not say of a response."""
        verb = _VERBS.get(method, method).lower()
        template = next((name for name, each in self._templates if each.fullmatch(path)), None)
        if template is None or verb not in self._content["paths"][template]:
            if response.status not in (204, 400, 404, 405, 308):
                yield f"status {response.status} although there is no {method} {path}"
            return
        operation = self._content["paths"][template][verb]
        declared = operation["responses"].get(str(response.status))
        if declared is None:
            yield f"status {response.status} is not declared for {method} {template}"
            return
        if method == "HEAD" or response.status in (204, 304):
            return
        pointer = f"/paths/{template.replace('~', '~0').replace('/', '~1')}/{verb}/responses"
        pointer += f"/{response.status}"
        while "$ref" in declared:
            pointer = declared["$ref"].removeprefix("#")
            declared = self._at(pointer)
        yield from self._of_content(declared, pointer, response)

    def _at(self, pointer: str) -> Any:
        found: Any = self._content
        for each in pointer.split("/")[1:]:
            found = found[each.replace("~1", "/").replace("~0", "~")]
        return found

    def _of_content(
        self, declared: Mapping[str, Any], pointer: str, response: Received
    ) -> Iterator[str]:
        media_type = response.media_type
        content = declared.get("content", {})
        if media_type == "text/html":
            return  # the browsable page of the operation, or an error in a browser
        names = {each.partition(";")[0] for each in content}
        if not names & {media_type, f"{media_type.partition('/')[0]}/*", "*/*"}:
            yield f"{media_type} is not declared for {pointer}"
        elif media_type.endswith("json") and "schema" in content.get(media_type, {}):
            escaped = media_type.replace("/", "~1")
            validator = self._validator(f"{pointer}/content/{escaped}/schema")
            for line in _values(media_type, response.body):
                for error in validator.iter_errors(line):
                    yield f"content is not as declared: {error.message[:200]}"
                    return

    def _validator(self, pointer: str) -> Draft202012Validator:
        if pointer not in self._validators:
            schema = {"$ref": f"urn:document#{pointer}"}
            self._validators[pointer] = Draft202012Validator(schema, registry=self._registry)
        return self._validators[pointer]


def _values(media_type: str, body: bytes) -> list[Any]:
    """Return the JSON values of content: the document says what a line of JSON Lines is."""
    texts = body.splitlines() if media_type == "application/x-ndjson" else [body]
    return [json.loads(each) for each in texts]


def faults_of(attack: Attack, method: str, response: Received, document: Document) -> Iterator[str]:
    """Yield what is wrong with one response of the application."""
    status = response.status
    if status >= 500:
        yield f"status {status}: {response.body[:300]!r}"
    if attack.refused and status < 400:
        yield f"status {status} although it must be refused: {response.body[:200]!r}"
    if attack.statuses and status not in attack.statuses:
        yield f"status {status}, not one of {attack.statuses}: {response.body[:300]!r}"
    if (needed := _NEEDED.get(status)) and needed not in response.headers:
        yield f"{status} without {needed}"
    yield from _repeats(response)
    if status >= 400 and method != "HEAD":
        yield from _of_problem(response)
    if attack.path:
        yield from document.faults(method, attack.path, response)


def _repeats(response: Received) -> Iterator[str]:
    """Yield where a response has what was sent."""
    planted = MARKER.decode()
    if any(planted in value for name, value in response.headers.items() if name != "link"):
        yield "a header repeats the input"
    if response.status >= 400 and MARKER in response.body:
        yield f"the content repeats the input: {response.body[:300]!r}"
    if "evil.example" in str(response.headers) or b"evil.example" in response.body:
        yield "another host is named"
    if any(each not in range(0x20, 0x7F) for each in str(response.headers).encode("latin-1")):
        yield f"a header has odd bytes: {response.headers!r}"


def _of_problem(response: Received) -> Iterator[str]:
    if response.media_type == "text/html":
        return
    if response.media_type != _PROBLEM:
        yield f"{response.status} with {response.media_type!r}"
        return
    if len(response.body) > 64 * 1024:
        yield f"a problem of {len(response.body)} bytes"
    try:
        problem = json.loads(response.body)
    except ValueError:
        yield f"a problem that is no JSON: {response.body[:200]!r}"
        return
    if problem.get("status") != response.status or not problem.get("title"):
        yield f"a problem of another status: {response.body[:200]!r}"
    if re.search(rb"[\x00-\x1f\x7f]|Traceback", response.body):
        yield f"a problem with controls or a traceback: {response.body[:200]!r}"
