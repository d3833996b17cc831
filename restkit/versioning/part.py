"""The part of each version: an extension that keeps to the choice, and documents it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from ..contract import Operation
from ..contributor import Contribution
from ..errors import DeclarationError
from ..middleware import RESPOND_TO, Proceed
from ..problems import Problem
from ..request import Request
from ..response import Response
from .choice import Choice, is_own_page

__all__ = ["VersionPart"]


class _App(Protocol):
    name: str
    members: Mapping[str, object]

    def middleware(self, middleware: Callable[[Request, Proceed], Response], /) -> object: ...


class VersionPart:
    """An extension that an App has as one version of several."""

    def __init__(self, choice: Choice, version: str, *, is_default: bool) -> None:
        """Keep the choice, and the name of the version."""
        self._choice = choice
        self._version = version
        self._is_default = is_default
        self._contribution = choice.contribution(version, is_default=is_default)
        of_pages = choice.contribution(version, is_default=True)
        self._of_pages = of_pages._replace(media_types={})

    def install(self, app: _App, /) -> None:
        """Add the middleware that rejects requests for other versions.

        Raises:
            DeclarationError: The App is a version already.
        """
        if any(isinstance(each, VersionPart) for each in getattr(app, "extensions", ())):
            raise DeclarationError(
                f"The App {app.name!r} is a version already. Make an App for each version, and "
                "add the same resource classes to them."
            )
        choice, version, is_default = self._choice, self._version, self._is_default
        headers = choice.response_headers(version)
        vary = choice.vary.lower()

        def keep_to_version(request: Request, proceed: Proceed) -> Response:
            problem = choice.problem(request, version, is_default=is_default)
            response = proceed(request) if problem is None else _rejected(request, proceed, problem)
            known = response.headers.get_all("Vary")
            if vary not in {each.strip().lower() for line in known for each in line.split(",")}:
                response.headers.add("Vary", choice.vary)
            if problem is None:
                for name, value in headers:
                    response.headers[name] = value
            return response

        app.middleware(keep_to_version)
        said = {"version": version, **choice.documented(version)}
        app.members = {**app.members, "x-api-version": said}

    def contribute(self, operation: Operation, /) -> Contribution:
        """Document how a request names the version."""
        return self._of_pages if is_own_page(operation) else self._contribution


def _rejected(request: Request, proceed: Proceed, problem: Problem) -> Response:
    respond_to: Callable[[Request, Exception], Response] = vars(proceed)[RESPOND_TO]
    return respond_to(request, problem)
