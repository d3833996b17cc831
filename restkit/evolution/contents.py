"""Changes of request bodies, responses, and their headers and media types."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from .changes import Change, Part, Place, Schemas
from .documents import Document, members
from .findings import Level
from .reading import Direction

__all__ = ["body_changes", "response_changes"]

_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
# These come and go with the deprecation of an operation.
_FREE_HEADERS = frozenset(("deprecation", "sunset", "content-type"))
_Documents = tuple[Document, Document]
_SENT: Mapping[Direction, str] = {"request": "body", "response": "response"}


def _essence(media_type: str) -> str:
    return media_type.partition(";")[0].strip().lower()


def _by_essence(content: object) -> dict[str, object]:
    return {_essence(name): each for name, each in members(content).items()}


def _covering(media_types: Mapping[str, object], wanted: str) -> str | None:
    """Return the media type or the range that has a media type."""
    ranges = (wanted, f"{wanted.partition('/')[0]}/*", "*/*")
    return next((each for each in ranges if each in media_types), None)


# requests


def body_changes(
    old: object,
    new: object,
    documents: _Documents,
    place: Place,
    schemas: Schemas,
    direction: Direction = "request",
) -> Iterator[Change]:
    """Yield the changes of a request's content.

    Args:
        old: The Request Body Object before, None without one.
        new: The same after the change.
        documents: Both documents.
        place: The operation.
        schemas: The comparisons of schemas.
        direction: "response" for a webhook, whose requests the service sends.
    """
    before, after = members(documents[0].resolve(old)), members(documents[1].resolve(new))
    part = Part(before, after, documents)
    place = place._replace(direction=direction, part="body")
    was, is_now = before.get("required") is True, after.get("required") is True
    if not before and not after:
        return
    if not before:
        level: Level = "breaking" if is_now else "compatible"
        word = "required" if is_now else "optional"
        yield Change(level, "body", place, part.pointer(), f"A new {word} body.")
        return
    if not after:
        yield Change("breaking", "body", place, part.pointer(), "The body is removed.")
        return
    if was != is_now:
        narrows = is_now if direction == "request" else was
        level = "breaking" if narrows else "compatible"
        word = "required" if is_now else "optional"
        yield Change(level, "required", place, part.pointer(), f"The body becomes {word}.")
    yield from _contents(part, place, schemas, direction)


def _contents(part: Part, place: Place, schemas: Schemas, direction: Direction) -> Iterator[Change]:
    """Yield the changes of media types and of their schemas."""
    before = _by_essence(members(part.old).get("content"))
    after = _by_essence(members(part.new).get("content"))
    pointer = part.pointer()
    for name, media in before.items():
        where = place._replace(part=f"{place.part} {name}")
        other = _covering(after, name)
        if other is None:
            message = "The media type is removed."
            yield Change("breaking", "mediaType", where, pointer, message)
            continue
        inner = Part(media, after[other], part.documents)
        yield from _media(inner, where, schemas, direction, is_form=name in _FORMS)
    for name in after:
        if _covering(before, name) is None:
            where = place._replace(part=f"{place.part} {name}")
            yield Change("compatible", "mediaType", where, pointer, "The media type is new.")


def _media(
    part: Part, place: Place, schemas: Schemas, direction: Direction, *, is_form: bool
) -> Iterator[Change]:
    old, new = members(part.old), members(part.new)
    for keyword in ("schema", "itemSchema"):
        inner = Part(old.get(keyword), new.get(keyword), part.documents)
        yield from schemas.changes(inner, place, direction, is_text=is_form)
    if is_form and old.get("encoding", {}) != new.get("encoding", {}):
        message = "The encoding of the form changes."
        yield Change("warning", "encoding", place, part.pointer(), message)


# responses


def response_changes(
    old: Mapping[str, object],
    new: Mapping[str, object],
    documents: _Documents,
    place: Place,
    schemas: Schemas,
    direction: Direction = "response",
) -> Iterator[Change]:
    """Yield the changes of an operation's responses.

    Args:
        old: The Operation Object before.
        new: The same after the change.
        documents: Both documents.
        place: The operation.
        schemas: The comparisons of schemas.
        direction: "request" for the responses to a webhook.
    """
    before, after = _by_status(old), _by_status(new)
    place = place._replace(direction=direction)
    for status, each in after.items():
        where = place._replace(part=f"response {status}")
        covering = _known_status(before, status)
        part = Part(
            documents[0].resolve(before.get(covering or "")),
            documents[1].resolve(each),
            documents,
        )
        if covering is None:
            yield _new_status(status, before, after, where, part)
        else:
            yield from _response(part, where, schemas, direction)
    for status, each in before.items():
        where = place._replace(part=f"response {status}")
        covering = _known_status(after, status)
        if covering is None:
            part = Part(documents[0].resolve(each), None, documents)
            yield _gone_status(status, after, where, part)
        elif status not in after:  # a range or the default takes its place
            part = Part(
                documents[0].resolve(each), documents[1].resolve(after[covering]), documents
            )
            yield from _response(part, where, schemas, direction)


def _by_status(operation: Mapping[str, object]) -> dict[str, object]:
    return {str(name).upper(): each for name, each in members(operation.get("responses")).items()}


def _known_status(responses: Mapping[str, object], status: str) -> str | None:
    """Return the status, the range or the default that has a status."""
    known = (status, f"{status[:1]}XX", "DEFAULT")
    return next((each for each in known if each in responses), None)


def _is_success(status: str) -> bool:
    return status[:1] in ("1", "2", "3")


def _new_status(
    status: str, before: Mapping[str, object], after: Mapping[str, object], place: Place, part: Part
) -> Change:
    """Return the change: clients treat an unknown error as the x00 of its class (RFC 9110, 15)."""
    if not _is_success(status):
        return Change("compatible", "status", place, part.pointer(), "The status is new.")
    stays = any(_is_success(each) and _known_status(after, each) for each in before)
    if stays or not any(map(_is_success, before)):
        return Change("warning", "status", place, part.pointer(), "The status is new.")
    message = "The status is new, and no other success of the old document is left."
    return Change("breaking", "status", place, part.pointer(), message)


def _gone_status(status: str, after: Mapping[str, object], place: Place, part: Part) -> Change:
    """Return the change: who was told of several successes is prepared for the others."""
    level: Level = "compatible"
    if _is_success(status) and not any(map(_is_success, after)):
        level = "breaking"
    elif _is_success(status):
        level = "warning"
    return Change(level, "status", place, part.pointer(), "The status is removed.")


def _response(part: Part, place: Place, schemas: Schemas, direction: Direction) -> Iterator[Change]:
    yield from _headers(part, place, schemas, direction)
    yield from _contents(part, place, schemas, direction)


def _headers(part: Part, place: Place, schemas: Schemas, direction: Direction) -> Iterator[Change]:
    before, after = _named_headers(part.old), _named_headers(part.new)
    for name in dict.fromkeys((*before, *after)):
        if name.lower() in _FREE_HEADERS:
            continue
        where = place._replace(part=f"{place.part} header {name}")
        old = part.documents[0].resolve(before.get(name))
        new = part.documents[1].resolve(after.get(name))
        yield from _header(Part(old, new, part.documents), where, schemas, direction)


def _named_headers(response: object) -> dict[str, object]:
    found = members(members(response).get("headers"))
    return {str(name).lower(): each for name, each in found.items()}


def _header(part: Part, place: Place, schemas: Schemas, direction: Direction) -> Iterator[Change]:
    if part.old is None:
        yield Change("compatible", "header", place, part.pointer(), "The header is new.")
        return
    if part.new is None:
        yield Change("breaking", "header", place, part.pointer(), "The header is removed.")
        return
    old, new = members(part.old), members(part.new)
    was, is_now = old.get("required") is True, new.get("required") is True
    if was != is_now:
        level: Level = "breaking" if was else "compatible"
        word = "required" if is_now else "optional"
        yield Change(level, "required", place, part.pointer(), f"The header becomes {word}.")
    inner = Part(old.get("schema"), new.get("schema"), part.documents)
    yield from schemas.changes(inner, place, direction, is_text=True)
