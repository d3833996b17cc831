"""The URLs of `Tokens`: the token endpoint (RFC 6749), revocation (RFC 7009), the public keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Protocol, cast

from marshmallow import EXCLUDE, Schema, fields, validate

from ..contract import Failure, Header, Operation
from ..contributor import Contribution
from ..decorators import raises, returns, takes
from ..limits import Failures
from ..middleware import Proceed
from ..problems import Problem
from ..request import Request
from ..resource import Resource
from ..response import Response
from .tokens import IssuedTokens, Tokens

__all__ = ["TokenProblem", "add_tokens"]

_NO_STORE = Header("Cache-Control", "`no-store`: no cache keeps tokens (RFC 6749, section 5.1).")
_ERRORS = ("invalid_request", "invalid_grant", "unsupported_grant_type")
_ERROR = fields.Str(required=True, validate=validate.OneOf(_ERRORS))
_TEXT = validate.Length(1, 1024)
_FORM_SIZE = 16 * 1024  # SECURITY: anybody may send these forms, and they are small


class TokenProblem(Problem):
    """Raised when the token endpoint rejects a request (RFC 6749, section 5.2)."""

    status = 400
    title = "Bad Request"
    members = type("Members", (Schema,), {"error": _ERROR})


class _App(Protocol):
    """The part of an App that resources are added to."""

    def add(self, pattern: str, resource: type[Resource], /) -> object:
        """Mount a resource on a URL pattern."""
        ...


class _NotStored:
    """The middleware that keeps responses out of caches, with the problems of the store."""

    def __init__(self, failures: Sequence[Failure]) -> None:
        self._failures = tuple(failures)

    def contribute(self, operation: Operation) -> Contribution:
        """Return the additions of the middleware to an Operation."""
        return Contribution(failures=self._failures, headers=(_NO_STORE,))

    def __call__(self, request: Request, proceed: Proceed) -> Response:
        response = proceed(request)
        response.headers["Cache-Control"] = "no-store"
        return response


class TokenFormSchema(Schema):
    """A request of the token endpoint."""

    class Meta:
        """Unrecognized parameters are ignored (RFC 6749, section 3.2)."""

        unknown = EXCLUDE

    grant_type = fields.Str(
        required=True,
        validate=validate.Length(max=100),
        metadata={"description": "`password` or `refresh_token`."},
    )
    username = fields.Str(validate=_TEXT)
    password = fields.Str(validate=_TEXT, metadata={"format": "password"})
    refresh_token = fields.Str(validate=_TEXT)
    scope = fields.Str(validate=validate.Length(max=1024), metadata={"description": "Ignored."})
    client_id = fields.Str(validate=validate.Length(max=1024))
    client_secret = fields.Str(validate=validate.Length(max=1024))


class TokenSchema(Schema):
    """The tokens of a login (RFC 6749, section 5.1)."""

    access_token = fields.Str(required=True)
    token_type = fields.Str(required=True, validate=validate.Equal("Bearer"))
    expires_in = fields.Int(required=True)
    refresh_token = fields.Str(required=True)


class RevocationFormSchema(Schema):
    """A request to log out."""

    class Meta:
        """Unrecognized parameters are ignored, as at the token endpoint."""

        unknown = EXCLUDE

    token = fields.Str(required=True, validate=_TEXT)
    token_type_hint = fields.Str(validate=validate.Length(max=100))


class KeySetSchema(Schema):
    """A JWK Set (RFC 7517)."""

    keys = fields.List(fields.Dict(fields.Str(), fields.Raw()), required=True)


class _Endpoint(Resource):
    public = True
    tags = ("Tokens",)
    tokens: ClassVar[Tokens]


class TokenEndpoint(_Endpoint):
    """The token endpoint."""

    @raises(TokenProblem)
    @takes(form=TokenFormSchema, max_size=_FORM_SIZE)
    @returns(TokenSchema)
    def post(self, form: dict[str, str]) -> dict[str, object]:
        """Log in, or exchange a refresh token for new tokens."""
        issued = self._issued(form)
        if issued is None:
            raise TokenProblem(
                "The credentials or the refresh token are not valid.",
                error="invalid_grant",
            )
        return {**issued._asdict(), "token_type": "Bearer"}

    def _issued(self, form: Mapping[str, str]) -> IssuedTokens | None:
        grant = form["grant_type"]
        if grant == "password":
            username, password = _needed(form, "username"), _needed(form, "password")
            return self.tokens.log_in(self.request, username, password)
        if grant == "refresh_token":
            return self.tokens.refresh(self.request, _needed(form, "refresh_token"))
        raise TokenProblem(
            "grant_type must be password or refresh_token.",
            error="unsupported_grant_type",
        )


class RevocationEndpoint(_Endpoint):
    """Revocation of a login."""

    @takes(form=RevocationFormSchema, max_size=_FORM_SIZE)
    @returns(None, 204)
    def post(self, form: dict[str, str]) -> None:
        """Log out: revoke the login of a refresh token, whether it is valid or not."""
        self.tokens.revoke(self.request, form["token"])


class KeysEndpoint(_Endpoint):
    """The public keys."""

    @returns(KeySetSchema, 200, headers={"Cache-Control": "How long the keys may be kept."})
    def get(self) -> object:
        """Read the keys that verify access tokens."""
        return self.tokens.ring.document, 200, {"Cache-Control": "public, max-age=300"}


def _needed(form: Mapping[str, str], name: str) -> str:
    found = form.get(name)
    if not found:
        raise TokenProblem(f"{name} is missing.", error="invalid_request")
    return found


def add_tokens(app: _App, tokens: Tokens, path: str = "/token") -> None:
    """Add the URLs of an issuer to an App: ``path``, ``path/revoke`` and ``path/keys``.

    Args:
        app: The App.
        tokens: The issuer.
        path: The URL of the token endpoint. There are no ``keys`` if secrets sign the tokens.
    """
    classes: dict[str, tuple[str, type[_Endpoint]]] = {
        "": ("Token", TokenEndpoint),
        "/revoke": ("TokenRevocation", RevocationEndpoint),
    }
    if tokens.ring.document["keys"]:
        classes["/keys"] = ("TokenKeys", KeysEndpoint)
    around = (_NotStored(tokens.store.failures),)
    for suffix, (name, base) in classes.items():
        app.add(path + suffix, _made(name, base, tokens, around))


def _made(
    name: str, base: type[_Endpoint], tokens: Tokens, around: tuple[_NotStored, ...]
) -> type[Resource]:
    limits: tuple[Failures, ...] | None = None
    if base is TokenEndpoint:  # each issuer counts for itself
        limits = (Failures(10, per="minute", statuses=(400,), name="logins"),)
    members = {"tokens": tokens, "limits": limits, "__doc__": base.__doc__, "__module__": __name__}
    middleware = () if base is KeysEndpoint else around
    return cast("type[Resource]", type(name, (base,), {**members, "middleware": middleware}))
