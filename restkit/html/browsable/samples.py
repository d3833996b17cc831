"""A request as text: as curl, as Python, as HTTP."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping

from ...records import Record

__all__ = ["SampleRequest", "samples"]

_MOST = 20_000


class SampleRequest(Record):
    """A request that a page shows.

    Attributes:
        method: The verb.
        url: The absolute URL.
        headers: The headers, those of the content included.
        body: The content, "" without any.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    body: str = ""


def samples(request: SampleRequest) -> list[tuple[str, str]]:
    """Return the request in each language, by the name of the language."""
    if len(request.body) > _MOST:
        request = request._replace(body=request.body[:_MOST] + "…")
    return [("curl", _curl(request)), ("Python", _python(request)), ("HTTP", _http(request))]


def _curl(request: SampleRequest) -> str:
    method = [] if request.method == "GET" else [f"-X {request.method}"]
    parts = [" ".join(["curl", *method, shlex.quote(request.url)])]
    parts += [f"-H {shlex.quote(f'{name}: {text}')}" for name, text in request.headers.items()]
    if request.body:
        parts.append(f"--data-binary {shlex.quote(request.body)}")
    return " \\\n  ".join(parts)


def _python(request: SampleRequest) -> str:
    lines = ["import requests", "", "response = requests.request("]
    lines.append(f"    {json.dumps(request.method)}, {request.url!r},")
    if request.headers:
        lines.append("    headers={")
        lines += [f"        {name!r}: {text!r}," for name, text in request.headers.items()]
        lines.append("    },")
    if request.body:
        lines.append(f"    data={request.body!r}.encode(),")
    return "\n".join([*lines, ")", "print(response.status_code, response.text)"])


def _http(request: SampleRequest) -> str:
    _, _, rest = request.url.partition("://")
    host, slash, target = rest.partition("/")
    lines = [f"{request.method} {slash or '/'}{target} HTTP/1.1", f"Host: {host}"]
    lines += [f"{name}: {text}" for name, text in request.headers.items()]
    if request.body:
        lines.append(f"Content-Length: {len(request.body.encode())}")
    return "\n".join([*lines, "", request.body])
