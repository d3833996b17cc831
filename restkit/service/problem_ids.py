"""The id of a request as a member of its problem (RFC 9457, section 3.2)."""

from __future__ import annotations

import json

from werkzeug.wrappers import Response as WerkzeugResponse

from ..error_formats import PROBLEM_DETAILS
from ..response import Outgoing

__all__ = ["MEMBER", "identify_problem"]

MEMBER = "request_id"
_KEY = f'"{MEMBER}"'.encode()


def identify_problem(response: Outgoing, request_id: str) -> None:
    """Add the id of the request to a problem, if it has no such member.

    A problem in a format of the user's own, and a stream, stay as they are.
    """
    if not _is_problem(response):
        return
    if isinstance(response, WerkzeugResponse):
        if response.is_sequence and not response.direct_passthrough:
            response.set_data(_identified(response.get_data(), request_id))
    elif isinstance(response.body, bytes):
        response.body = _identified(response.body, request_id)
        length = str(len(response.body))
        others = [each for each in response.headers if each[0].lower() != "content-length"]
        response.headers = [*others, ("Content-Length", length)]


def _is_problem(response: Outgoing) -> bool:
    if isinstance(response, WerkzeugResponse):
        return response.mimetype == PROBLEM_DETAILS.media_type
    kinds = [value for name, value in response.headers if name.lower() == "content-type"]
    return kinds == [PROBLEM_DETAILS.content_type]


def _identified(body: bytes, request_id: str) -> bytes:
    if not body.endswith(b"}") or (_KEY in body and _has_member(body)):
        return body
    begin = body[:-1]
    comma = "" if begin.strip() == b"{" else ","
    return begin + f'{comma}"{MEMBER}":"{request_id}"}}'.encode()


def _has_member(body: bytes) -> bool:
    try:
        return MEMBER in json.loads(body)
    except (ValueError, TypeError):
        return True
