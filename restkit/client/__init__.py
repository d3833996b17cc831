"""A client of another service: methods by operationId. Needs the extra ``client``."""

from typing import TYPE_CHECKING

from ..lazy_names import lazy_names

if TYPE_CHECKING:
    from .breaker import Breaker
    from .client import Client
    from .client_options import FileLike
    from .method import Method
    from .pages import Pages
    from .peer_problems import PeerFailed, PeerTimeout, PeerUnavailable, reply_of
    from .reply import Reply
    from .typed_client import TypedClient

__all__ = [
    "Breaker",
    "Client",
    "FileLike",
    "Method",
    "Pages",
    "PeerFailed",
    "PeerTimeout",
    "PeerUnavailable",
    "Reply",
    "TypedClient",
    "reply_of",
]

_MODULES = {
    "Breaker": "breaker",
    "Client": "client",
    "FileLike": "client_options",
    "Method": "method",
    "Pages": "pages",
    "PeerFailed": "peer_problems",
    "PeerTimeout": "peer_problems",
    "PeerUnavailable": "peer_problems",
    "Reply": "reply",
    "TypedClient": "typed_client",
    "reply_of": "peer_problems",
}


# Cold start: a module of types that was written for a peer loads the HTTP client with its first
# request.
__getattr__ = lazy_names(__name__, _MODULES)
