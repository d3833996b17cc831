"""`item_action` and `collection_action`: methods of a `CRUDResource` with URLs of their own."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Literal, TypeVar, cast

from ..declarations import DeclaredMethod, declarations_of, plain_function
from ..errors import DeclarationError
from ..http.methods import SAFE_METHODS
from ..records import Record

__all__ = ["ActionPlace", "collection_action", "decorated_names", "item_action", "own_actions"]

F = TypeVar("F", bound=Callable[..., object])
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_SEGMENT = re.compile(r"[A-Za-z][A-Za-z0-9_~.-]*")
_WORD = "action"


class ActionPlace(Record):
    """The method and the URL of an action.

    Attributes:
        owner: Whether it is below an item or below the collection.
        method: The HTTP method.
        path: The last segment of its path.
    """

    owner: Literal["item", "collection"]
    method: str
    path: str

    @property
    def is_safe(self) -> bool:
        """Whether its method is safe (RFC 9110, section 9.2.1)."""
        return self.method in SAFE_METHODS


def item_action(method: str = "POST", *, path: str = "") -> Callable[[F], F]:
    """Give items of a `CRUDResource` an action of their own.

    ::

        class Tickets(CRUDResource[Ticket]):
            @item_action("POST")
            def close(self, item: Ticket) -> Ticket:
                \"\"\"Close a ticket.\"\"\"
                return self.update(item, {"status": "closed"})

        # POST /tickets/1/close

    The item is read as by a PATCH: in the scope, with a lock unless the method is safe, and with
    the preconditions of the request. Attributes that the method sets on the item are stored.

    Args:
        method: The HTTP method: GET, POST, PUT, PATCH or DELETE.
        path: The segment below the item's URL; the name of the method by default, with ``-`` for
            ``_``.
    """
    return _decorator("item", method, path)


def collection_action(method: str = "POST", *, path: str = "") -> Callable[[F], F]:
    """Give a `CRUDResource` an action of its own: ``GET /tickets/stats``.

    Args:
        method: The HTTP method: GET, POST, PUT, PATCH or DELETE.
        path: The segment below the collection's URL; the name of the method by default, with ``-``
            for ``_``. No item can have it as its key.
    """
    return _decorator("collection", method, path)


def _decorator(owner: Literal["item", "collection"], method: str, path: str) -> Callable[[F], F]:
    called = f"@{owner}_action"
    if not isinstance(method, str):
        raise DeclarationError(f'{called} has no parentheses. Write {called}("POST").')
    if method.upper() not in _METHODS:
        raise DeclarationError(f"{called}({method!r}) must be one of {', '.join(_METHODS)}.")
    if path and not _SEGMENT.fullmatch(path):
        raise DeclarationError(
            f"{called}(path={path!r}) must be one segment of letters, digits, '-', '_', '.' and "
            "'~', which begins with a letter."
        )

    def decorate(function: F) -> F:
        if not callable(function) or isinstance(function, type):
            raise DeclarationError(f"{called} stands on a method, not on {function!r}.")
        plain = plain_function(function)
        place = ActionPlace(owner, method.upper(), path or plain.__name__.replace("_", "-"))
        said = declarations_of(function)
        words = {**said.words, _WORD: place}
        return cast(F, DeclaredMethod(plain, said._replace(words=words)))

    return decorate


def own_actions(declared: type) -> dict[str, ActionPlace]:
    """Return the places of a class's own actions by the names of their methods.

    Raises:
        DeclarationError: A method overrides an action without its decorator, or two have one place.
    """
    found: dict[str, ActionPlace] = {}
    for base in reversed(declared.__mro__):
        for name, value in vars(base).items():
            place = _place_of(value)
            if place is None and name in found and value is not None:
                raise DeclarationError(
                    f"{base.__module__}.{base.__qualname__}.{name} overrides an action: repeat its "
                    f"@{found[name].owner}_action, or write {name} = None to remove the action."
                )
            if place is None:
                found.pop(name, None)
            else:
                found[name] = place
    _check_distinct(found, declared)
    return found


def decorated_names(declared: type) -> frozenset[str]:
    """Return the names of actions of one's own, those that a subclass removes included."""
    return frozenset(
        name
        for base in declared.__mro__
        for name, value in vars(base).items()
        if _place_of(value) is not None
    )


def _place_of(value: object) -> ActionPlace | None:
    if not isinstance(value, DeclaredMethod):
        return None
    place: ActionPlace | None = value.declarations.words.get(_WORD)
    return place


def _check_distinct(found: Mapping[str, ActionPlace], declared: type) -> None:
    seen: dict[ActionPlace, str] = {}
    for name, place in found.items():
        if seen.setdefault(place, name) != name:
            raise DeclarationError(
                f"{declared.__module__}.{declared.__qualname__}: {seen[place]} and {name} are both "
                f"the {place.method} of {place.path!r}. Give one of them another path."
            )
