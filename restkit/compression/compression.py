"""`Compression`: the extension that compresses the responses of an App."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial
from typing import TYPE_CHECKING, Protocol

from ..contract import Header, Operation
from ..contributor import Contribution
from ..declaration_checks import check_flag, texts_of
from ..dispatch.edge import COMPRESSION, Layer
from ..environ_keys import UNCOMPRESSED
from ..errors import DeclarationError
from ..http.encodings import is_compressible
from .codings import installed_codings, maker_of
from .layer import Options, compressing

if TYPE_CHECKING:
    from ..dispatch.dispatcher import Dispatcher
    from ..dispatch.response_headers import Finish
    from ..request import Request
    from ..response import Outgoing

__all__ = ["Compression"]

_HEADERS = (
    Header("Content-Encoding", "The content coding, if the content is compressed."),
    Header("Vary", "Accept-Encoding, and what else the response depends on."),
)
_NOTHING = Contribution()


class _Owner(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def extensions(self) -> Sequence[object]: ...


class Compression:
    """The compression of responses: ``app.install(Compression())``.

    Text, JSON and other compressible content of at least ``minimum`` bytes is compressed with the
    coding that the client prefers: gzip, and brotli and Zstandard if they are installed. Streams
    are compressed chunk by chunk, so that clients get each event at once.

    SECURITY: the size of a compressed response shows how much a secret and an attacker's text have
    in common (BREACH). An attacker needs a browser that sends the credentials of its user by
    itself, so responses that depend on cookies or on Basic credentials are not compressed.
    """

    edge_order = COMPRESSION

    def __init__(
        self,
        minimum: int = 500,
        *,
        codings: Collection[str] | None = None,
        credentials: bool = False,
    ) -> None:
        """Check and keep the options.

        Args:
            minimum: The smallest content in bytes that is compressed.
            codings: The codings, the preferred one first: ``zstd``, ``br`` and ``gzip``; by default
                those whose packages are installed.
            credentials: Whether responses that depend on cookies or on Basic credentials are
                compressed too. Write True only if no response has both a secret, such as a CSRF
                token, and text that others can choose.

        Raises:
            DeclarationError: An argument cannot be meant.
            MissingExtraError: The package of a coding is not installed.
        """
        if type(minimum) is not int or minimum < 0:
            raise DeclarationError(
                f"Compression(minimum={minimum!r}) must be a number of bytes, such as 500."
            )
        check_flag(credentials, "Compression(credentials=...)")
        names = installed_codings()
        if codings is not None:
            names = texts_of(codings, "Compression(codings=...)")
        if not names:
            raise DeclarationError("Compression(codings=[]) compresses nothing. Write ['gzip'].")
        makers = {each: maker_of(each) for each in names}
        self._credentials = credentials
        self._options = Options(minimum, makers, credentials)

    def install(self, app: _Owner) -> None:
        """Check that the App has no other Compression; it finds this one when it is frozen."""
        if any(isinstance(each, Compression) for each in app.extensions):
            raise DeclarationError(
                f"The App {app.name!r} has Compression already. Content is compressed once."
            )

    def contribute(self, operation: Operation, /) -> Contribution:
        """Document the headers of operations with compressible content."""
        types = [kind for each in operation.outputs for kind in each.media_types]
        types += [each.media_type for each in operation.errors if operation.failures]
        is_any = any("*" in each or is_compressible(each) for each in types)
        return Contribution(headers=_HEADERS) if is_any else _NOTHING

    def response_finisher(self, operation: Operation | None, /) -> Finish:
        """Return the function that notes that a response depends on a browser's credentials."""
        if self._credentials or operation is None or not _is_ambient(operation):
            return _leave
        return _spare

    def edge_layers(self, dispatcher: Dispatcher, /) -> Sequence[Layer]:
        """Return the layer that compresses."""
        return (Layer(COMPRESSION, partial(compressing, options=self._options)),)


def _leave(request: Request, response: Outgoing) -> None:
    """Leave the response to the layer."""


def _spare(request: Request, response: Outgoing) -> None:
    """Keep the response from being compressed."""
    request.environ[UNCOMPRESSED] = True


def _is_ambient(operation: Operation) -> bool:
    """Return whether browsers send the credentials of an operation by themselves."""
    for combination in operation.security:
        for scheme, _ in combination:
            document = scheme.document()
            is_cookie = document.get("type") == "apiKey" and document.get("in") == "cookie"
            is_basic = str(document.get("scheme", "")).lower() == "basic"
            if is_cookie or is_basic or hasattr(scheme, "has_session"):
                return True
    return False
