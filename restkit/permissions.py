"""Permissions: which callers may make a request, as rules combined with ``&``, ``|`` and ``~``."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TYPE_CHECKING, TypeAlias

from .declaration_checks import check_call, texts_of
from .errors import DeclarationError
from .security_scheme import Permission

if TYPE_CHECKING:
    from .request import Request

__all__ = [
    "PermissionLike",
    "PermissionsLike",
    "Rule",
    "names_in",
    "permission_of",
    "role",
    "scope",
]

_MISSING = object()
_Allows = Callable[[object, "Request"], bool]


class Rule:
    """A permission, made of a function; combine it with ``&``, ``|`` and ``~``."""

    needs_object = False
    """Whether the object of the request decides."""

    def __init__(
        self,
        description: str,
        allows: _Allows,
        origin: object = None,
        key: tuple[object, ...] = (),
    ) -> None:
        """Make a rule.

        Args:
            description: The rule in a few words, which clients read in the document and in a 403.
            allows: A function of the caller and the request.
            origin: The function of the program, whose declared problems the rule may raise.
            key: A hashable value, the same for rules which hold for the same callers.
        """
        self.description = description
        self.key = key or (id(self) if origin is None else id(origin),)
        self.origins: tuple[object, ...] = () if origin is None else (origin,)
        self._allows = allows

    def allows(self, caller: object, request: Request) -> bool:
        """Return whether the caller may make the request, for some object at least."""
        return self._allows(caller, request)

    def allows_any(self, caller: object, request: Request) -> bool:
        """Return whether the caller may make the request, whatever the object is."""
        return self._allows(caller, request)

    def permits(self, caller: object, request: Request, found: object) -> bool:
        """Return whether the caller may make the request for an object."""
        return self._allows(caller, request)

    def __and__(self, other: PermissionLike) -> Rule:
        return _Joined(self, permission_of(other, "The right side of &"), "and", all)

    def __rand__(self, other: PermissionLike) -> Rule:
        return _Joined(permission_of(other, "The left side of &"), self, "and", all)

    def __or__(self, other: PermissionLike) -> Rule:
        return _Joined(self, permission_of(other, "The right side of |"), "or", any)

    def __ror__(self, other: PermissionLike) -> Rule:
        return _Joined(permission_of(other, "The left side of |"), self, "or", any)

    def __invert__(self) -> Rule:
        return _Inverted(self)

    def __repr__(self) -> str:
        return f"<Rule: {self.description}>"


class _ObjectRule(Rule):
    """A rule of the caller and the object of the request."""

    needs_object = True

    def __init__(
        self, description: str, permits: Callable[[object, object], bool], origin: object
    ) -> None:
        super().__init__(description, lambda caller, request: True, origin)
        self._permits = permits

    def allows_any(self, caller: object, request: Request) -> bool:
        return False

    def permits(self, caller: object, request: Request, found: object) -> bool:
        return self._permits(caller, found)


class _Joined(Rule):
    """Two rules, of which both must hold, or one."""

    def __init__(
        self, left: Rule, right: Rule, word: str, enough: Callable[[Iterable[bool]], bool]
    ) -> None:
        def allows(caller: object, request: Request) -> bool:
            return enough(each.allows(caller, request) for each in parts)

        parts = (left, right)
        key = (word, left.key, right.key)
        super().__init__(f"{_grouped(left)} {word} {_grouped(right)}", allows, key=key)
        self.origins = (*left.origins, *right.origins)
        self.needs_object = left.needs_object or right.needs_object
        self._parts, self._enough = parts, enough

    def allows_any(self, caller: object, request: Request) -> bool:
        return self._enough(each.allows_any(caller, request) for each in self._parts)

    def permits(self, caller: object, request: Request, found: object) -> bool:
        return self._enough(each.permits(caller, request, found) for each in self._parts)


class _Inverted(Rule):
    """The contrary of a rule."""

    def __init__(self, rule: Rule) -> None:
        super().__init__(
            f"not {_grouped(rule)}",
            lambda caller, request: not rule.allows_any(caller, request),
            key=("not", rule.key),
        )
        self.origins, self.needs_object = rule.origins, rule.needs_object
        self._rule = rule

    def allows_any(self, caller: object, request: Request) -> bool:
        return not self._rule.allows(caller, request)

    def permits(self, caller: object, request: Request, found: object) -> bool:
        return not self._rule.permits(caller, request, found)


PermissionLike: TypeAlias = Rule | Permission | Callable[..., bool]
"""A rule, or a function of the caller, of caller and request, or of caller and object."""

PermissionsLike: TypeAlias = PermissionLike | Mapping[str, PermissionLike]
"""One permission for everything, or those of ``read``, of ``write`` and of methods by name."""


def _grouped(rule: Rule) -> str:
    """Return a description, in brackets if it joins several."""
    text = rule.description
    return f"({text})" if " and " in text or " or " in text else text


def scope(*names: str, of: Callable[..., Collection[str]] | None = None) -> Rule:
    """Return the rule that a caller has all of these scopes.

    Args:
        names: The scopes.
        of: A function of the caller that returns its scopes, as a collection or as one text with
            spaces; the attribute or member ``scopes`` without it.
    """
    return _held("scope", "scopes", names, of, all)


def role(*names: str, of: Callable[..., Collection[str]] | None = None) -> Rule:
    """Return the rule that a caller has one of these roles.

    Args:
        names: The roles.
        of: A function of the caller that returns its roles; the attribute or member ``roles`` or
            ``role`` without it.
    """
    return _held("role", "roles", names, of, any)


def _held(
    kind: str,
    plural: str,
    names: tuple[str, ...],
    of: Callable[..., Collection[str]] | None,
    enough: Callable[[list[bool]], bool],
) -> Rule:
    wanted = texts_of(list(names), f"The names of {kind}()")
    if not wanted:
        raise DeclarationError(f"{kind}() has no names. Write {kind}('admin'), for example.")
    if of is not None:
        check_call(of, ("caller",), f"of of {kind}()")
    read: Callable[[object], object] = of or _reader(kind, plural)
    one_wanted = wanted[0] if len(wanted) == 1 else None

    def allows(caller: object, request: Request) -> bool:
        held = () if caller is None else names_in(read(caller))
        if one_wanted is not None:  # PERF: most rules have one name
            return one_wanted in held
        return enough([each in held for each in wanted])

    word = " and " if enough is all else " or "
    one = kind if len(wanted) == 1 else plural
    return Rule(f"the {one} {word.join(wanted)}", allows, key=(kind, *wanted, id(of)))


def names_in(value: object) -> Collection[str]:
    """Return the scopes or roles in a value: a collection of texts, or one text with spaces.

    SECURITY: a claim of any other form gives nothing, as it may come from a client's token.
    """
    if isinstance(value, str):
        return value.split()
    if not isinstance(value, (list, tuple, set, frozenset)):
        return ()
    for each in value:
        if not isinstance(each, str):
            return [each for each in value if isinstance(each, str)]
    return value


def _reader(kind: str, plural: str) -> Callable[[object], object]:
    """Return the function that finds the scopes or roles of a caller."""

    def read(caller: object) -> object:
        if type(caller) is dict and plural in caller:  # PERF: the claims of a token, for example
            return caller[plural]
        for name in (plural, kind):
            found = getattr(caller, name, _MISSING)
            if found is not _MISSING:
                return found
            if isinstance(caller, Mapping) and name in caller:
                return caller[name]
        if isinstance(caller, Mapping):
            return ()
        raise DeclarationError(
            f"The permission {kind}() reads the {plural} of the caller, but "
            f"{type(caller).__qualname__} has none. Write {kind}(..., of=lambda caller: ...)."
        )

    return read


def permission_of(value: object, declared_at: str) -> Rule:
    """Return a declared permission as a rule.

    Args:
        value: A rule, an object with ``description`` and ``allows``, or a function.
        declared_at: The name of the declaration, for messages.

    Raises:
        DeclarationError: The value is something else, or the function has other parameters.
    """
    if isinstance(value, Rule):
        return value
    if isinstance(value, Mapping):
        raise DeclarationError(
            f"{declared_at} must be one rule, such as scope('write'). A mapping by 'read', 'write' "
            "and names of methods stands on an App, a route or a class."
        )
    if value is None or isinstance(value, (type, bool, str)):
        raise DeclarationError(
            f"{declared_at} must be a rule, such as scope('write') or a function of the caller, "
            f"got {value!r}."
        )
    if isinstance(value, Permission):
        check_call(value.allows, ("caller", "request"), f"{declared_at}: allows")
        return Rule(value.description, value.allows, value.allows)
    if not callable(value):
        raise DeclarationError(
            f"{declared_at} must be a rule, such as scope('write') or a function of the caller, "
            f"got {value!r}."
        )
    return _rule_of(value, declared_at)


def _rule_of(function: Callable[..., object], declared_at: str) -> Rule:
    """Return the rule of a function: of the caller, and perhaps the request or the object."""
    second = _second_of(function)
    check_call(function, ("caller", second) if second else ("caller",), declared_at)
    name = getattr(function, "__name__", type(function).__name__).strip("_<>").replace("_", " ")

    def holds(*given: object) -> bool:
        found = function(*given)
        if not found:
            return False
        if found is not True:  # SECURITY: a coroutine is true, whatever it would return
            raise DeclarationError(
                f"{declared_at}: {name} returned {found!r:.80}. It must return True or False."
            )
        return True

    if second == "request":
        return Rule(name, holds, function)
    if second:
        return _ObjectRule(name, holds, function)
    return Rule(name, lambda caller, request: holds(caller), function)


def _second_of(function: Callable[..., object]) -> str:
    """Return the parameter of a function besides the caller: ``request``, ``object`` or nothing."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except ValueError:  # a built-in function may have no signature
        return ""
    second = parameters[1] if len(parameters) > 1 else None
    if second is None or second.kind is inspect.Parameter.KEYWORD_ONLY:
        return ""
    named = str(getattr(second.annotation, "__name__", second.annotation))
    if second.name == "request" or named.partition("[")[0].rpartition(".")[2] == "Request":
        return "request"
    return "object" if second.default is inspect.Parameter.empty else ""
