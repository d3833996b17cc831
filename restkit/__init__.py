"""restkit: class-based resources for REST APIs on WSGI, with a generated OpenAPI document."""

from typing import TYPE_CHECKING, Any

from .app import App, Extension
from .contract import Failure, Header, Operation, Parameter
from .contributor import Contribution, Contributor
from .dependencies import after_commit, obtain, provide
from .error_formats import HTML_ERRORS, PROBLEM_DETAILS, ErrorFormat
from .errors import (
    CollisionError,
    ContractError,
    DeclarationError,
    LoadError,
    MissingExtraError,
    RestkitError,
    SettingError,
)
from .http.negotiation import parse_prefer
from .media import Handler
from .middleware import Middleware, Proceed
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
from .request import Request
from .resource import Resource, Schemas
from .response import Response
from .security_scheme import SecurityScheme
from .settings import Settings

if TYPE_CHECKING:
    from .access_rules import access
    from .cookies import cookie, expired_cookie
    from .decorators import operation, raises, returns, takes
    from .deprecation_rules import deprecated
    from .http.conditional import EntityTag
    from .redirects import MovedPermanently, PermanentRedirect, SeeOther, TemporaryRedirect
    from .requirements import Requirement, Scheme, anonymous
    from .response_callbacks import after_response
    from .schemas.envelopes import envelope
    from .schemas.unions import OneOf
    from .schemas.uploads import Upload
    from .task_queue import Queue, enqueue

__all__ = [
    "HTML_ERRORS",
    "PROBLEM_DETAILS",
    "App",
    "BadGateway",
    "BadRequest",
    "CollisionError",
    "Conflict",
    "ContentTooLarge",
    "ContractError",
    "Contribution",
    "Contributor",
    "DeclarationError",
    "EntityTag",
    "ErrorFormat",
    "Extension",
    "Failure",
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
    "MovedPermanently",
    "NotAcceptable",
    "NotFound",
    "OneOf",
    "Operation",
    "Parameter",
    "PermanentRedirect",
    "PreconditionFailed",
    "PreconditionRequired",
    "Problem",
    "Proceed",
    "Queue",
    "RangeNotSatisfiable",
    "Request",
    "RequestHeaderFieldsTooLarge",
    "RequestTimeout",
    "Requirement",
    "Resource",
    "Response",
    "RestkitError",
    "Schemas",
    "Scheme",
    "SecurityScheme",
    "SeeOther",
    "ServiceUnavailable",
    "SettingError",
    "Settings",
    "TemporaryRedirect",
    "TooManyRequests",
    "URITooLong",
    "Unauthorized",
    "UnprocessableContent",
    "UnsupportedMediaType",
    "Upload",
    "access",
    "after_commit",
    "after_response",
    "anonymous",
    "cookie",
    "deprecated",
    "enqueue",
    "envelope",
    "expired_cookie",
    "obtain",
    "operation",
    "parse_prefer",
    "provide",
    "raises",
    "returns",
    "takes",
]


# Cold start: the modules of these names are loaded when a program first asks for one of them.
_LATER = {
    "EntityTag": "http.conditional",
    "OneOf": "schemas.unions",
    "Queue": "task_queue",
    "Requirement": "requirements",
    "Scheme": "requirements",
    "Upload": "schemas.uploads",
    "MovedPermanently": "redirects",
    "PermanentRedirect": "redirects",
    "SeeOther": "redirects",
    "TemporaryRedirect": "redirects",
    "access": "access_rules",
    "after_response": "response_callbacks",
    "cookie": "cookies",
    "deprecated": "deprecation_rules",
    "enqueue": "task_queue",
    "envelope": "schemas.envelopes",
    "expired_cookie": "cookies",
    "anonymous": "requirements",
    "operation": "decorators",
    "raises": "decorators",
    "returns": "decorators",
    "takes": "decorators",
}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = globals()[name] = getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
    return value
