"""The response of an Operation as the result of a tool."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from http import HTTPStatus

from ..media import is_json
from ..problems import UnprocessableContent
from .calls import Reply

__all__ = ["failed", "result_of"]

Result = dict[str, object]


def result_of(reply: Reply, *, is_stateless: bool, shows_tag: bool) -> Result:
    """Return the result of a call.

    Args:
        reply: The response of the App.
        is_stateless: Whether the version is one whose structured content may be any JSON value.
        shows_tag: Whether the agent gets the ETag, which other calls need.
    """
    media_type = reply.header("Content-Type").partition(";")[0].strip().lower()
    is_error = not 200 <= reply.status < 300
    value: object = None
    has_value = False
    if is_json(media_type) and reply.content:
        value, has_value = json.loads(reply.content), True
    if is_error and not isinstance(value, dict):
        value, has_value = _problem(reply.status, reply.header("Location")), True
    content = [_content(reply, media_type, value if is_error else None)]
    headers = [] if is_error else _shown(reply, isinstance(value, dict), shows_tag)
    if headers:
        content.append({"type": "text", "text": "\n".join(headers)})
    made: Result = {"content": content, "isError": is_error}
    if has_value and (is_stateless or isinstance(value, dict)):
        made["structuredContent"] = value
    return made


def _shown(reply: Reply, is_object: bool, shows_tag: bool) -> list[str]:
    """Return the headers without which the content does not say enough."""
    names = [] if is_object else ["Location", "Link"]
    names += ["ETag"] if shows_tag else []
    return [f"{name}: {found}" for name in names if (found := reply.header(name))]


def failed(detail: str) -> Result:
    """Return the result of a call that did not reach the Operation."""
    problem = UnprocessableContent(detail).to_dict()
    return {
        "content": [{"type": "text", "text": json.dumps(problem)}],
        "isError": True,
        "structuredContent": problem,
    }


def _problem(status: int, location: str) -> Result:
    found: Result = {"status": status, "title": _phrase(status)}
    return {**found, "location": location} if location else found


def _content(reply: Reply, media_type: str, problem: object) -> Mapping[str, object]:
    """Return the content of a response as a content block."""
    if not reply.content:
        text = json.dumps(problem) if problem else f"{reply.status} {_phrase(reply.status)}"
        return {"type": "text", "text": text}
    kind = media_type.partition("/")[0]
    if is_json(media_type) or kind == "text":
        return {"type": "text", "text": reply.content.decode("utf-8", "replace")}
    data = base64.b64encode(reply.content).decode()
    if kind in ("image", "audio"):
        return {"type": kind, "data": data, "mimeType": media_type}
    try:
        return {"type": "text", "text": reply.content.decode("utf-8")}
    except UnicodeDecodeError:
        blob = {"uri": "urn:content", "mimeType": media_type, "blob": data}
        return {"type": "resource", "resource": blob}


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"
