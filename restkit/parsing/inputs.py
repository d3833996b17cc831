"""From a request to the values that a method declared: one reader for each input, made at mount."""

from __future__ import annotations

from collections.abc import Iterator

from ..contract import Input, Operation
from ..media import Media
from ..settings import Settings
from .body import Reader, body_reader

__all__ = ["readers_of"]


def readers_of(
    operation: Operation, settings: Settings, media: Media
) -> Iterator[tuple[str, Reader]]:
    """Yield the name of each argument that is read from a request, with its reader.

    Args:
        operation: The Operation.
        settings: The App's settings, for limits and strictness.
        media: The App's media types.

    Returns:
        Readers take the request and return the validated value; they raise UnprocessableContent
        (422) with every fault, and for content 400, 413 and 415 as well.

    Raises:
        DeclarationError: An input cannot be read.
    """

    def form(each: Input) -> Reader:
        from .forms import form_reader  # cold start: most operations take no form

        return form_reader(each, operation, settings, media)

    bodies = [each for each in operation.inputs if each.location == "body"]
    for each in operation.inputs:
        if each.location in ("query", "headers", "cookies"):
            from .parameters import parameter_reader  # cold start, as above

            yield each.location, parameter_reader(each, operation)
        elif each.location != "body":
            yield each.location, form(each)
        elif each is bodies[0]:
            yield "body", body_reader(bodies, operation, settings, media, form)
