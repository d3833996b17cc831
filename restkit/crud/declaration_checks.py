"""Start-up checks of a `CRUDResource`: rejects attributes and actions that cannot be meant."""

from __future__ import annotations

import inspect
import types
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, cast

from ..declaration_checks import check_call, check_mapping, check_returns, texts_of
from ..declarations import declarations_of
from ..errors import DeclarationError
from ..member_checks import DECLARED, check_members
from ..operations.declared_permissions import check_named
from ..spelling import misspelt
from .action_decorators import decorated_names
from .csv_export import CSVExport
from .transition_texts import check_transitions

__all__ = ["check_declared"]

_ACTIONS: dict[str, tuple[str, ...]] = {
    "list": ("query",),
    "totals": ("query",),
    "read": ("key",),
    "create": ("item",),
    "replace": ("item", "values"),
    "update": ("item", "values"),
    "change": ("item", "values"),
    "delete": ("item",),
    "restore": ("item",),
    "scope": (),
    "write_scope": (),
}
_PERMITTED = ("list", "totals", "create", "replace", "update", "delete", "restore")
"""The actions that a permission may name; ``read`` stands for all that change nothing."""
_VERBS = {
    "get": "list or read",
    "head": "list or read",
    "post": "create",
    "put": "replace",
    "patch": "update",
}
_SEQUENCES = ("sorts", "order", "scoped", "groups", "aggregates", "by_filter", "or_filters")
_NUMBERS = ("page_size", "max_page_size", "max_bulk", "max_groups", "max_affected")
_SWITCHES = ("fields", "upsert", "bulk")
_ATTRIBUTES = (
    *_SEQUENCES,
    *_NUMBERS,
    *_SWITCHES,
    *DECLARED,
    "model",
    "filters",
    "any_of",
    "paging",
    "key",
    "soft_delete",
    "methods",
    "related",
    "relations",
    "members",
    "lines",
    "transitions",
    "csv",
)


def check_declared(declared: Any, base: type) -> None:
    """Reject a class whose attributes and actions do not fit their declarations in `CRUDResource`.

    Args:
        declared: The class.
        base: `CRUDResource`.

    Raises:
        DeclarationError: One of them is something else, or has nearly the name of another one.
    """
    declared_at = f"{declared.__module__}.{declared.__qualname__}"
    own = decorated_names(declared)
    _check_own(own, base, declared_at)
    check_transitions(declared.transitions, declared_at)
    check_members(declared, (*_ACTIONS, *own), actions=True)
    check_named(declared, (*_PERMITTED, *sorted(own)), _VERBS)
    _check_names(declared, base, declared_at, own)
    for name, parameters in _ACTIONS.items():
        _check_action(inspect.getattr_static(declared, name), parameters, f"{declared_at}.{name}")
    for name in _NUMBERS:
        if type(getattr(declared, name)) is not int:
            raise DeclarationError(
                f"{declared_at}.{name} is {getattr(declared, name)!r}; give a whole number."
            )
    for name in _SWITCHES:
        if type(getattr(declared, name)) is not bool:
            raise DeclarationError(
                f"{declared_at}.{name} is {getattr(declared, name)!r}; write True or False."
            )
    if not _are_names(declared.key) or not isinstance(declared.soft_delete, (str, types.NoneType)):
        raise DeclarationError(
            f"{declared_at}.key and .soft_delete are names of attributes: write key = 'id', or "
            "several in the order of the URL, key = ('user_id', 'group_id')."
        )
    if declared.lines not in ("snapshot", "pages"):
        raise DeclarationError(
            f"{declared_at}.lines must be 'snapshot' or 'pages', got {declared.lines!r}."
        )
    _check_export(declared.csv, declared.methods, declared_at)
    if declared.related not in ("visible", "existing"):
        raise DeclarationError(
            f"{declared_at}.related must be 'visible' or 'existing', got {declared.related!r}."
        )
    _check_sequences(declared, declared_at)
    _check_expand(declared.expand, declared.schema, declared_at)
    _check_by_filter(declared.by_filter, declared_at)
    _check_upsert(declared.bulk_upsert, declared.bulk, declared_at)


def _check_expand(expand: object, schema: object, declared_at: str) -> None:
    """Reject schemas of relations besides the schema of the collection, which nests them."""
    if not isinstance(expand, Mapping):
        texts_of(expand, f"{declared_at}.expand")
        return
    for name, how in expand.items() if schema is not None else ():
        if getattr(how, "schema", None) is not None:
            raise DeclarationError(
                f"{declared_at}.expand[{name!r}]: schema has no effect, since the class declares "
                "the schema of its items. Nest the schema of the related items there."
            )


def _are_names(key: object) -> bool:
    """Return whether a key is declared by one name, or by several different ones."""
    if isinstance(key, str):
        return True
    if not isinstance(key, (tuple, list)) or not key:
        return False
    return all(isinstance(each, str) for each in key) and len({*key}) == len(key)


def _check_upsert(attribute: object, bulk: bool, declared_at: str) -> None:
    if not isinstance(attribute, str):
        raise DeclarationError(
            f"{declared_at}.bulk_upsert is the name of an attribute: write bulk_upsert = 'code'."
        )
    if attribute and not bulk:
        raise DeclarationError(
            f"{declared_at}.bulk_upsert has no effect without bulk = True. Add it, or remove "
            "bulk_upsert."
        )


def _check_export(export: object, methods: Iterable[str] | None, declared_at: str) -> None:
    """Reject CSV that is not declared by True or options, or of lists that are not mounted."""
    if type(export) is not bool and not isinstance(export, CSVExport):
        raise DeclarationError(
            f"{declared_at}.csv must be True, False or CSVExport(...), got {export!r}."
        )
    if export and methods is not None and "GET" not in {each.upper() for each in methods}:
        raise DeclarationError(
            f"{declared_at}.csv has no effect without the method GET. Add GET to methods, or "
            "remove csv."
        )


def _check_sequences(declared: Any, declared_at: str) -> None:
    filters = declared.filters
    if isinstance(filters, Mapping):
        for name, operators in filters.items():
            texts_of(operators, f"{declared_at}.filters[{name!r}]")
    elif not isinstance(
        filters, str
    ):  # which has a sentence of its own, as those of sorts, order and methods have
        texts_of(filters, f"{declared_at}.filters")
    _check_any_of(declared.any_of, f"{declared_at}.any_of")
    for name in (*_SEQUENCES, *(["methods"] if declared.methods is not None else [])):
        value = getattr(declared, name)
        has_own_sentence = isinstance(value, str) and name in ("sorts", "order", "methods")
        if not has_own_sentence:
            texts_of(value, f"{declared_at}.{name}")


def _check_any_of(any_of: object, declared_at: str) -> None:
    """Reject a value that is not a mapping from a parameter to filters."""
    check_mapping(any_of, declared_at, '{"q": ("title__contains", "text__contains")}')
    for name, filters in dict(cast("Mapping[object, object]", any_of or {})).items():
        if not isinstance(name, str) or not name.isidentifier():
            raise DeclarationError(
                f"{declared_at}: {name!r} must be the name of a query parameter, such as 'q'."
            )
        texts_of(filters, f"{declared_at}[{name!r}]")


def _check_by_filter(methods: Sequence[str], declared_at: str) -> None:
    strange = [each for each in methods if each not in ("PATCH", "DELETE")]
    if strange:
        raise DeclarationError(
            f"{declared_at}.by_filter may have 'PATCH' and 'DELETE', got {strange[0]!r}."
        )


def _check_action(function: Any, parameters: tuple[str, ...], declared_at: str) -> None:
    if isinstance(function, (staticmethod, classmethod)) or not callable(function):
        raise DeclarationError(
            f"{declared_at} is not a method; an action is one of (self{_more(parameters)})."
        )
    if declarations_of(function).inputs:
        check_returns(function, f"The action {declared_at}")  # `ActionInputs` checks the rest
    else:
        check_call(function, ("self", *parameters), f"The action {declared_at}")


def _more(parameters: tuple[str, ...]) -> str:
    return "".join(f", {each}" for each in parameters)


def _check_own(own: Collection[str], base: type, declared_at: str) -> None:
    """Reject actions of one's own that would replace a part of restkit."""
    for name in sorted(own):
        if hasattr(base, name):
            raise DeclarationError(
                f"{declared_at}.{name} is a part of every CRUDResource. Give your action another "
                "name, and the URL by path=..."
            )


def _check_names(declared: Any, base: type, declared_at: str, own: Collection[str]) -> None:
    """Reject verbs, which would not be called, and misspelt names of declarations."""
    for each in declared.__mro__[: declared.__mro__.index(base)]:
        for name, value in vars(each).items():
            if name in _VERBS:
                raise DeclarationError(
                    f"{declared_at}.{name} would not be called: the verbs of a CRUDResource call "
                    f"its actions; override {_VERBS[name]} instead."
                )
            is_method = isinstance(value, types.FunctionType)
            known = tuple(_ACTIONS) if is_method else _ATTRIBUTES
            meant = None if hasattr(base, name) or name in own else misspelt(name, known)
            if meant is not None:
                raise DeclarationError(
                    f"{declared_at}.{name} says nothing; call it {meant}, or _{name} where it is "
                    "your own."
                )
