"""`Versions`: several Apps at the same URLs, each of them one version of an API."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Self

from ..app import App
from ..errors import DeclarationError
from .choice import Choice, HeaderChoice, MediaTypeChoice, check_names
from .part import VersionPart

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from ..settings import Settings

__all__ = ["Versions"]


class Versions:
    """A WSGI application of several versions of an API, at the same URLs.

    Each version is an App with a document of its own. A request names its version in a header, or
    in the media types of Accept and Content-Type::

        api = Versions({"1": v1, "2": v2}, header="Api-Version", default="1")
        api = Versions({"1": v1, "2": v2}, media_type="application/vnd.shop.v{version}+json")

    A header with an unknown version is a 400. Of media types, unknown ones are a 406 or 415. Every
    response has Vary.

    The Apps share only resource classes: install an extension on each App that needs it.

    Attributes:
        apps: The Apps by version.
        default: The version of requests that name none, None if they have to.
    """

    def __init__(
        self,
        apps: Mapping[str, App],
        *,
        header: str | None = None,
        media_type: str | None = None,
        default: str | None = None,
    ) -> None:
        """Make the versions parts of one application.

        Args:
            apps: The Apps by version, the oldest first.
            header: The header that names the version.
            media_type: The media type of content instead, with ``{version}`` in it.
            default: The version of requests that name none. Without it, the header is required;
                content is of the vendor's types alone, and of the newest version for ``*/*``.

        Raises:
            DeclarationError: There is not exactly one of ``header`` and ``media_type``, a name
                cannot be that of a version, or an App is one already.
        """
        _check(apps, header, media_type, default)
        names = tuple(apps)
        choice: Choice
        if header is not None:
            choice = HeaderChoice(header, names)
        else:
            choice = MediaTypeChoice(media_type, names, default)
        self.apps: Mapping[str, App] = MappingProxyType(dict(apps))
        self.default = default
        self._named = choice.named
        self._fallback = self.apps[names[-1] if default is None else default]
        for name, app in self.apps.items():
            app.install(VersionPart(choice, name, is_default=name == default))

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Respond to a request (PEP 3333) with the App of its version."""
        version = self._named(environ)
        app = self._fallback if version is None else self.apps[version]
        return app(environ, start_response)

    def __repr__(self) -> str:
        return f"<Versions {', '.join(self.apps)}>"

    @property
    def name(self) -> str:
        """The name of the App that responds to requests without a version."""
        return self._fallback.name

    @property
    def settings(self) -> Settings:
        """The settings of that App."""
        return self._fallback.settings

    @property
    def logger(self) -> logging.Logger:
        """The logger of that App."""
        return self._fallback.logger

    def freeze(self) -> None:
        """Compose the Apps. The first request of each does it; a server may do it earlier.

        Raises:
            DeclarationError: The declarations of an App do not fit together.
        """
        for app in self.apps.values():
            app.freeze()

    def start(self) -> None:
        """Run the functions of the start of each App; see `App.start`."""
        started: list[App] = []
        try:
            for app in self.apps.values():
                app.start()
                started.append(app)
        except BaseException:
            for app in reversed(started):
                app.stop()
            raise

    def stop(self) -> None:
        """Run the functions of the end of each App, those of the newest first."""
        failures: list[Exception] = []
        for app in reversed([*self.apps.values()]):
            try:
                app.stop()
            except Exception as error:  # noqa: BLE001  # the others end all the same
                failures.append(error)
        if failures:
            raise failures[0]

    def __enter__(self) -> Self:
        """Start the Apps, for a test or a script."""
        self.freeze()
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()


def _check(
    apps: Mapping[str, App], header: str | None, media_type: str | None, default: str | None
) -> None:
    example = 'Versions({"1": v1, "2": v2}, header="Api-Version")'
    if not isinstance(apps, Mapping) or not apps:
        raise DeclarationError(f"Versions expects the Apps by version: {example}.")
    check_names(apps)
    for name, app in apps.items():
        if not isinstance(app, App):
            raise DeclarationError(f"The version {name!r} must be an App, got {app!r:.80}.")
    _check_distinct(apps)
    if (header is None) is (media_type is None):
        raise DeclarationError(
            f"Versions expects either header=... or media_type=.... Write {example}."
        )
    if default is not None and default not in apps:
        raise DeclarationError(
            f"Versions(default={default!r}) is not one of the versions: {', '.join(apps)}."
        )


def _check_distinct(apps: Mapping[str, App]) -> None:
    """Reject Apps of one name and version: stored responses are told apart by these."""
    known: dict[tuple[str, str], str] = {}
    for name, app in apps.items():
        other = known.setdefault((app.name, app.version), name)
        if other != name:
            raise DeclarationError(
                f"The versions {other!r} and {name!r} are both {app.name!r} of version "
                f"{app.version!r}. Give each App its own: App({app.name!r}, version='2.0')."
            )
