"""`access`, the decorator that declares who may call one verb or function."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal, TypeVar

from .contract import LimitRule
from .declaration_checks import check_flag
from .declarations import cache_of, limits_of
from .decorators import declare, needs_call
from .errors import DeclarationError
from .permissions import PermissionLike, permission_of
from .requirements import SecurityLike, normal_form

if TYPE_CHECKING:
    from .cache_rule import CacheRule

__all__ = ["access"]

F = TypeVar("F", bound=Callable[..., object])


@needs_call("@access(security=keys)")
def access(
    *,
    security: SecurityLike | None = None,
    permission: PermissionLike | None = None,
    public: bool = False,
    limits: Sequence[LimitRule] | None = None,
    cache: CacheRule | Literal[False] | None = None,
) -> Callable[[F], F]:
    """Declare who may call one verb or function. Overrides the class, the mount and the App.

    Args:
        security: Security schemes; see `restkit.Scheme`.
        permission: The permission that a caller needs: ``scope("write")``, ``role("editor")``, a
            function of the caller, or several combined with ``&``, ``|`` and ``~``.
        public: Whether no credentials are required; those that are sent are ignored.
        limits: Limits such as ``[Rate(10, per="minute")]``, in addition to those of the class, the
            mount and the App. An empty list takes those away.
        cache: How long responses of a GET are stored, see `restkit.caching.Cache`; False takes
            that of the class, the mount or the App away.
    """
    check_flag(public, "public of @access")
    words: dict[str, object] = {}
    if security is not None:
        words["security"] = normal_form(security, "security of @access")
    if permission is not None:
        words["permission"] = permission_of(permission, "permission of @access")
    if public and words:
        raise DeclarationError(
            f"@access has both public=True and {min(words)}. Remove one of them."
        )
    if public:
        words["security"] = ()
    if limits is not None:
        words["limits"] = limits_of(limits, "limits of @access")
    if cache is not None:
        words["cache"] = cache_of(cache, "cache of @access")
    if not words:
        raise DeclarationError(
            "@access has no arguments. Pass security=..., permission=..., limits=..., cache=... or "
            "public=True."
        )

    def decorate(function: F) -> F:
        return declare(function, lambda old: old._replace(words={**old.words, **words}))

    return decorate
