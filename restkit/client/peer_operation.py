"""`PeerOperation`: one operation of another service, as a client needs it."""

from __future__ import annotations

from ..records import Record

__all__ = ["PeerContent", "PeerOperation", "PeerParameter"]


class PeerParameter(Record):
    """One parameter.

    Attributes:
        name: Its name in the request.
        location: ``"path"``, ``"query"``, ``"header"`` or ``"cookie"``.
        required: Whether each request must have it.
        style: How lists and objects are written (OpenAPI 3.1.1, section 4.8.12.2).
        explode: Whether each member of a list or object is written by itself.
        is_json: Whether the value is JSON.
    """

    name: str
    location: str
    required: bool = False
    style: str = "form"
    explode: bool = True
    is_json: bool = False


class PeerContent(Record):
    """One media type of the content of requests.

    Attributes:
        media_type: The media type.
        members: The names of the members, if the content is an object.
    """

    media_type: str
    members: tuple[str, ...] = ()


class PeerOperation(Record):
    """One operation of another service.

    Attributes:
        operation_id: The operationId of its document.
        method: The HTTP method, in capital letters.
        path: The template of the path.
        parameters: The parameters.
        contents: The media types of the content of requests, in the order of the document.
        needs_content: Whether each request must have content.
        accept: The value of the header Accept.
        statuses: The declared statuses.
        takes_key: Whether it takes the header Idempotency-Key.
        items: The member that has the items of a page; "" if the content is the list itself, None
            if the response is no page.
    """

    operation_id: str
    method: str
    path: str
    parameters: tuple[PeerParameter, ...] = ()
    contents: tuple[PeerContent, ...] = ()
    needs_content: bool = False
    accept: str = "application/json"
    statuses: tuple[int, ...] = ()
    takes_key: bool = False
    items: str | None = None
