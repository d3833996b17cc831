"""Ready security schemes, which authenticate callers and document how, and guards of an App."""

from typing import TYPE_CHECKING

from ..lazy_names import lazy_names

if TYPE_CHECKING:
    from ..masks import NOBODY, Mask
    from ..permissions import role, scope
    from .api_key import APIKey
    from .caller import Caller
    from .cors import CORS
    from .flows import AuthorizationCode, ClientCredentials, Implicit, PasswordGrant
    from .headers import SecurityHeaders
    from .hosts import Hosts
    from .http_basic import HTTPBasic
    from .http_bearer import HTTPBearer
    from .https import HTTPS
    from .jwt_bearer import JWTBearer
    from .jwt_claims import Claims
    from .key_set import KeySet
    from .oauth2 import OAuth2
    from .openid_connect import OpenIDConnect
    from .passwords import Passwords
    from .proxies import Proxies
    from .redis_tokens import RedisTokenStore
    from .secrets_filter import SecretsFilter
    from .signing_keys import SigningKey
    from .token_resources import add_tokens
    from .token_store import MemoryTokenStore
    from .tokens import Lifetimes, Tokens

__all__ = [
    "CORS",
    "HTTPS",
    "NOBODY",
    "APIKey",
    "AuthorizationCode",
    "Caller",
    "Claims",
    "ClientCredentials",
    "HTTPBasic",
    "HTTPBearer",
    "Hosts",
    "Implicit",
    "JWTBearer",
    "KeySet",
    "Lifetimes",
    "Mask",
    "MemoryTokenStore",
    "OAuth2",
    "OpenIDConnect",
    "PasswordGrant",
    "Passwords",
    "Proxies",
    "RedisTokenStore",
    "SecretsFilter",
    "SecurityHeaders",
    "SigningKey",
    "Tokens",
    "add_tokens",
    "role",
    "scope",
]

_MODULES = {
    "SecurityHeaders": "headers",
    "SecretsFilter": "secrets_filter",
    "Proxies": "proxies",
    "Hosts": "hosts",
    "HTTPS": "https",
    "APIKey": "api_key",
    "AuthorizationCode": "flows",
    "CORS": "cors",
    "Caller": "caller",
    "Claims": "jwt_claims",
    "ClientCredentials": "flows",
    "HTTPBasic": "http_basic",
    "HTTPBearer": "http_bearer",
    "Implicit": "flows",
    "JWTBearer": "jwt_bearer",
    "KeySet": "key_set",
    "OAuth2": "oauth2",
    "OpenIDConnect": "openid_connect",
    "Mask": ".masks",
    "NOBODY": ".masks",
    "PasswordGrant": "flows",
    "Passwords": "passwords",
    "Lifetimes": "tokens",
    "MemoryTokenStore": "token_store",
    "RedisTokenStore": "redis_tokens",
    "SigningKey": "signing_keys",
    "Tokens": "tokens",
    "add_tokens": "token_resources",
    "role": ".permissions",
    "scope": ".permissions",
}


# Cold start: a program with an API key loads neither PyJWT nor argon2-cffi.
__getattr__ = lazy_names(__name__, _MODULES)
