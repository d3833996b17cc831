"""The arguments of an App: checks of their values, and the objects that are built from them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from functools import partial
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlencode

from .contract import Failure, LimitRule, Operation, Output
from .encoding import dumps_json
from .errors import DeclarationError
from .json_parsing import JSONLimits, loads_json
from .media import HANDLERS, Handler, Media
from .operations.operation_ids import check_ids
from .settings import Settings

if TYPE_CHECKING:
    from .security.cors import CORS
    from .security.hosts import Hosts
    from .security.https import HTTPS
    from .security.proxies import Proxies

__all__ = [
    "APP_ATTRIBUTES",
    "check_extension",
    "check_names",
    "check_settings",
    "check_subclass",
    "check_values",
    "extensions_of",
    "guards_of",
    "media_of",
    "members_of",
    "query_text",
]


E = TypeVar("E")
APP_ATTRIBUTES = (
    "name",
    "version",
    "description",
    "contact",
    "license",
    "servers",
    "tags",
    "settings",
    "media",
    "converters",
    "overrides",
    "stores",
    "extensions",
    "members",
    "document_hooks",
    "_registry",
    "_dispatcher",
    "_serve",
    "_lock",
)
"""The attributes that the constructor of an App sets."""


def check_settings(name: str, settings: object, values: Mapping[str, object]) -> None:
    """Reject settings of another type, and an instance together with single settings."""
    if settings is None:
        return
    if not isinstance(settings, Settings):
        raise DeclarationError(
            f"App({name!r}): settings must be a Settings instance, got {settings!r}. Pass "
            "Settings.load(), for example."
        )
    if values:
        raise DeclarationError(
            f"App({name!r}) expects settings=... or single settings, not both. Remove one of them."
        )


def check_values(name: str, **values: object) -> None:
    """Reject arguments that JSON cannot represent, since the document contains them."""
    for argument, value in values.items():
        if not value:
            continue
        from .schemas import json_values  # cold start: most Apps give none of these

        try:
            json_values.json_value(value)
            for text in _texts(argument, value):
                json_values.text_value(text)
        except ValueError as error:
            raise DeclarationError(
                f"App({name!r}): {argument} cannot be written into the document: {error}. "
                "Give strings, numbers, lists and dicts."
            ) from error


def _texts(argument: str, value: object) -> Iterable[object]:
    """Return the values in an argument of App that must be strings."""
    if argument == "servers":
        return ()
    if not isinstance(value, Mapping):
        return (value,)
    return (text for name, text in value.items() if not str(name).startswith("x-"))


def media_of(settings: Settings) -> Media:
    """Return the media types of an App, whose JSON parser has the limits of the settings."""
    media = Media(HANDLERS)
    if settings.max_json_depth != JSONLimits().depth:
        loads = partial(loads_json, limits=JSONLimits(depth=settings.max_json_depth))
        media.register(Handler("application/json", loads, dumps_json))
    return media


def check_subclass(kind: type, base: type) -> None:
    """Reject a subclass of App that replaces a part of it.

    Args:
        kind: The subclass.
        base: `App`.

    Raises:
        DeclarationError: An attribute or a method has the name of one that restkit needs.
    """
    parts = {*APP_ATTRIBUTES, *dir(base)}
    for each in kind.__mro__:
        if each in base.__mro__:
            continue
        replaced = sorted(name for name in parts.intersection(vars(each)) if name[:2] != "__")
        if replaced:
            declared_at = f"{each.__module__}.{each.__qualname__}.{replaced[0]}"
            raise DeclarationError(
                f"{declared_at} replaces a part of App that restkit needs. Rename it, or pass "
                "settings and descriptions to the constructor."
            )


def query_text(query: object) -> str:
    """Return query parameters as the end of a URL, with its "?"; "" if there are none.

    A sequence is a repeated parameter. None is left out, also as an item of a sequence.

    Raises:
        TypeError: The value is not a mapping.
    """
    if query is None:
        return ""
    if not isinstance(query, Mapping):
        raise TypeError(
            f"url_for(): _query must be a mapping, such as {{'page': 2}}, got {query!r}."
        )
    pairs: list[tuple[str, object]] = []
    for name, value in query.items():
        is_many = isinstance(value, Iterable) and not isinstance(value, (str, bytes))
        values = value if is_many else [value]
        pairs += [(name, each) for each in values if each is not None]
    return f"?{urlencode(pairs)}" if pairs else ""


def not_mountable(prefix: object, app: object) -> DeclarationError:
    """Return the error of an object that is mounted and is not an App."""
    found = f"mount({prefix!r}) expects another restkit App, got {app!r:.120}."
    if not callable(app) or isinstance(app, type):
        return DeclarationError(found)
    return DeclarationError(
        f"{found} Serve another WSGI application beside this one, by DispatcherMiddleware of "
        "werkzeug.middleware.dispatcher; of Versions, mount an App in the App of each version."
    )


def check_extension(extension: object) -> None:
    """Reject an extension without a method ``install``, and a class in place of an instance."""
    if isinstance(extension, LimitRule) and not isinstance(extension, type):
        name = type(extension).__name__
        raise DeclarationError(
            f"install() expects an object with a method install(app), and {name} is a limit. "
            f"Declare limits=[{name}(...)] on an App, a resource or a method."
        )
    if isinstance(extension, type) and hasattr(extension, "install"):
        raise DeclarationError(
            "install() expects an object with a method install(app), got the class "
            f"{extension.__qualname__}. Pass {extension.__qualname__}()."
        )
    if isinstance(extension, type) or not callable(getattr(extension, "install", None)):
        raise DeclarationError(
            f"install() expects an object with a method install(app), got {extension!r}."
        )


def extensions_of(extensions: Iterable[E], declared_at: str) -> Iterable[E]:
    """Return the extensions that an App was given.

    Raises:
        DeclarationError: They are something else than a list or a tuple.
    """
    if not isinstance(extensions, (list, tuple)):
        raise DeclarationError(
            f"{declared_at}: extensions must be a list, such as [Database(url)], got "
            f"{extensions!r:.80}."
        )
    return extensions


def members_of(document: Mapping[str, object] | None, name: str) -> Mapping[str, object]:
    """Return the members that an App adds to its document; see `document_members`."""
    if document is None:
        return {}
    from .operations.route_options import document_members  # cold start: few Apps add any

    return document_members(document, name)


def check_names(
    operations: Iterable[Operation],
    ids: MutableMapping[str, str],
    components: MutableMapping[str, tuple[type, str]],
) -> None:
    """Reject an operationId or a component name that is used twice, and record the new ones.

    Args:
        operations: The Operations.
        ids: The operationIds in use, with the declaration of each.
        components: The component names in use, with the schema class and the declaration of each.

    Raises:
        CollisionError: A name is in use already.
    """
    operations = list(operations)
    check_ids(operations, ids)
    if any(map(_declares_values, operations)):
        from .openapi import check_schemas  # cold start: components are made of schemas

        check_schemas(operations, components)


def _declares_values(op: Operation) -> bool:
    """Return whether an Operation has schemas, or texts that may not be plain strings."""
    if op.inputs or op.examples or op.extensions or op.parameters:
        return True
    if any(list(each.schemas) for each in op.outputs):
        return True
    responses: list[Output | Failure] = [*op.outputs, *op.failures]
    if any(each.headers for each in responses):
        return True
    texts = [op.summary, op.description, *op.tags, *(each.description for each in responses)]
    return any(type(text) is not str for text in texts)


def guards_of(settings: Settings, cors: CORS | None) -> Iterator[CORS | Hosts | HTTPS | Proxies]:
    """Yield the extensions that the arguments of an App stand for."""
    if cors is not None:
        yield cors
    # cold start: most programs set none of these
    if settings.proxies:
        from .security.proxies import Proxies

        yield Proxies(settings.proxies)
    if settings.hosts:
        from .security.hosts import Hosts

        yield Hosts(settings.hosts)
    if settings.https:
        from .security.https import HTTPS

        yield HTTPS()
