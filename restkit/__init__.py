"""restkit: class-based resources for REST APIs on WSGI, whose OpenAPI document cannot lie."""

from typing import TYPE_CHECKING, Any

from .app import App, Extension
from .conditional import EntityTag
from .contract import Header, Operation, SecurityScheme
from .declarations import operation, raises, returns, takes
from .errors import (
    CollisionError,
    ContractError,
    DeclarationError,
    LoadError,
    MissingExtraError,
    RestkitError,
    SettingError,
)
from .media import Handler
from .middleware import Middleware, Proceed
from .negotiation import parse_prefer
from .problems import (
    BadGateway,
    BadRequest,
    Conflict,
    ContentTooLarge,
    Forbidden,
    GatewayTimeout,
    Gone,
    InsufficientStorage,
    InternalServerError,
    MethodNotAllowed,
    NotAcceptable,
    NotFound,
    PreconditionFailed,
    PreconditionRequired,
    Problem,
    RangeNotSatisfiable,
    RequestHeaderFieldsTooLarge,
    RequestTimeout,
    ServiceUnavailable,
    TooManyRequests,
    Unauthorized,
    UnprocessableContent,
    UnsupportedMediaType,
    URITooLong,
)
from .provision import provide
from .request import Request
from .resource import Resource
from .response import Response
from .settings import Settings

if TYPE_CHECKING:
    from .uploads import Upload

__all__ = [
    "App",
    "BadGateway",
    "BadRequest",
    "CollisionError",
    "Conflict",
    "ContentTooLarge",
    "ContractError",
    "DeclarationError",
    "EntityTag",
    "Extension",
    "Forbidden",
    "GatewayTimeout",
    "Gone",
    "Handler",
    "Header",
    "InsufficientStorage",
    "InternalServerError",
    "LoadError",
    "MethodNotAllowed",
    "Middleware",
    "MissingExtraError",
    "NotAcceptable",
    "NotFound",
    "Operation",
    "PreconditionFailed",
    "PreconditionRequired",
    "Problem",
    "Proceed",
    "RangeNotSatisfiable",
    "Request",
    "RequestHeaderFieldsTooLarge",
    "RequestTimeout",
    "Resource",
    "Response",
    "RestkitError",
    "SecurityScheme",
    "ServiceUnavailable",
    "SettingError",
    "Settings",
    "TooManyRequests",
    "URITooLong",
    "Unauthorized",
    "UnprocessableContent",
    "UnsupportedMediaType",
    "Upload",
    "operation",
    "parse_prefer",
    "provide",
    "raises",
    "returns",
    "takes",
]


def __getattr__(name: str) -> Any:
    # Cold start: Upload is a marshmallow field, and a service without schemas never loads marshmallow.
    if name == "Upload":
        from .uploads import Upload

        return Upload
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
