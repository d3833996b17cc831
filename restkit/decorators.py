"""The decorators of verbs: `takes`, `returns`, `raises`, `operation` and `access`."""

from __future__ import annotations

import functools
import types
from collections.abc import Callable, Mapping, Sequence
from types import EllipsisType
from typing import TYPE_CHECKING, ParamSpec, TypeVar, cast

from .contract import Location
from .declaration_checks import (
    check_flag,
    check_keywords,
    check_mapping,
    check_text,
    texts_of,
)
from .declarations import (
    Declarations,
    DeclaredMethod,
    Return,
    add_class_failures,
    declarations_of,
    failures_of,
    headers_of,
    is_mounted,
    plain_function,
)
from .errors import DeclarationError
from .media import JSON, check_media_types
from .page import Page, page_of
from .problems import Problem
from .requirements import SecurityLike, normal_form

if TYPE_CHECKING:
    from .declarations import BodyLike, HeaderLike
    from .schemas.bound import SchemaLike

__all__ = ["access", "operation", "raises", "returns", "takes"]

F = TypeVar("F", bound=Callable[..., object])
C = TypeVar("C", bound=Callable[..., object])
P = ParamSpec("P")
R = TypeVar("R")
_ARGUMENTS: dict[str, tuple[str, ...]] = {}  # of every decorator, by its name


def _declare(function: F, change: Callable[[Declarations], Declarations]) -> F:
    if not callable(function):
        raise DeclarationError(
            f"restkit's decorators stand on methods and functions, not on {function!r}."
        )
    if isinstance(function, type):
        raise DeclarationError(
            f"{function.__name__} is a class; @takes, @returns and @operation stand on its methods."
        )
    if isinstance(function, DeclaredMethod) and function.mounted:
        raise DeclarationError(
            f"{function.function.__qualname__} is mounted already: put @takes, @returns, @raises "
            "and @operation below the route."
        )
    said = declarations_of(function)
    return cast(F, DeclaredMethod(plain_function(function), change(said)))


def _needs_call(example: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Make a decorator that rejects positional arguments which only a mistake explains.

    Args:
        example: A correct use, for messages.
    """

    def decorate(decorator: Callable[P, R]) -> Callable[P, R]:
        name = decorator.__name__
        has_positional = name in ("returns", "raises")
        code = cast(types.FunctionType, decorator).__code__
        _ARGUMENTS[name] = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]

        @functools.wraps(decorator)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            first = args[0] if args else None
            if isinstance(first, (types.FunctionType, DeclaredMethod)):
                declared_at = getattr(first, "__qualname__", name)
                raise DeclarationError(
                    f"@{name} on {declared_at} has no parentheses. Write {example}."
                )
            if args and not has_positional:
                raise DeclarationError(f"@{name} has keyword arguments only. Write {example}.")
            check_keywords(name, kwargs, _ARGUMENTS)
            return decorator(*args, **kwargs)

        return call

    return decorate


@_needs_call("@takes(body=BookSchema)")
def takes(
    *,
    body: BodyLike | None = None,
    query: SchemaLike | None = None,
    headers: SchemaLike | None = None,
    cookies: SchemaLike | None = None,
    form: SchemaLike | None = None,
    files: SchemaLike | None = None,
    media_types: Sequence[str] | None = None,
    max_size: int | None = None,
) -> Callable[[F], F]:
    """Declare the schemas of a verb's inputs, by the location where they stand.

    The validated values arrive as the keyword arguments of the same names.

    Args:
        body: Schema of the request's content. Overrides the class's ``schema``. ``A | B`` takes
            either, a mapping of media types to schemas one for each. ``bytes``, ``str`` and
            ``BinaryIO`` take raw content of any media type, ``BinaryIO`` as a stream.
        query: Schema of the query parameters. A ``List`` field is a repeated parameter, or a
            delimited one with ``metadata={"explode": False}``, and ``"style"`` if its delimiter
            is not a comma.
        headers: Schema of request headers; a field ``x_request_id`` is ``X-Request-Id``.
        cookies: Schema of cookies.
        form: Schema of a form, ``application/x-www-form-urlencoded`` or ``multipart/form-data``.
        files: Schema of a multipart form's files, with `Upload` fields.
        media_types: Media types of the content; for a body JSON by default. A body may be taken as
            JSON and as a form of the same schema.
        max_size: Largest size of a body in bytes, in place of the App's settings.
    """
    if max_size is not None and (type(max_size) is not int or max_size < 1):
        raise DeclarationError(f"@takes(max_size={max_size!r}) must be a number of bytes.")
    said: dict[Location, BodyLike | None] = {
        "body": body,
        "query": query,
        "headers": headers,
        "cookies": cookies,
        "form": form,
        "files": files,
    }
    given = {name: schema for name, schema in said.items() if schema is not None}
    taken = texts_of(media_types, "media_types of @takes") if media_types is not None else None
    check_media_types(taken or (), "@takes")

    def change(old: Declarations) -> Declarations:
        new = old._replace(inputs={**old.inputs, **given})
        if taken is not None:
            new = new._replace(media_types=taken)
        if max_size is not None:
            new = new._replace(max_size=max_size)
        return new

    def decorate(function: F) -> F:
        return _declare(function, change)

    return decorate


def _check_response(status: object, many: object) -> None:
    if many is not None:
        check_flag(many, f"many of @returns(status={status})")
    if not isinstance(status, int) or not 200 <= status <= 599:
        raise DeclarationError(
            f"@returns(status={status!r}): the status must be an integer from 200 to 599. Declare "
            "problems with @raises."
        )


@_needs_call("@returns(BookSchema)")
def returns(
    schema: SchemaLike | EllipsisType | None = ...,
    status: int = 200,
    *,
    headers: HeaderLike | None = None,
    media_types: Sequence[str] | None = None,
    description: str = "",
    many: bool | None = None,
    template: str | None = None,
    block: str = "",
) -> Callable[[F], F]:
    """Declare one response of a verb; repeat it for other statuses.

    The first one above the method is the status of a plain return value. A method chooses another
    one with ``return data, status``.

    Args:
        schema: The schema of the content; None for content without a schema. If it is left out,
            the response has no content with the return annotation None, and with the statuses 201
            and 202 of a method without an annotation whose class has no schema.
        status: The HTTP status, 200 to 599. An error that is declared here may be returned as
            ``(data, status)``; a Problem that is raised also rolls back provided values.
        headers: Response headers: a description, or a `Header`.
        media_types: Media types of the content, ``application/json`` by default.
        description: A sentence for the document.
        many: Whether the content is a list; the return annotation decides by default.
        template: The template that renders the content as ``text/html``, or as what its name ends
            with (``feed.xml``). With a schema, Accept chooses between the page and JSON.
        block: The block of the template that is the content, a fragment of the page.
    """
    _check_response(status, many)
    items = headers_of(headers, f"headers of @returns(status={status})")
    where = f"@returns(status={status})"
    taken = None if media_types is None else texts_of(media_types, f"media_types of {where}")
    check_media_types(taken or (), where)
    declared = None if schema is ... else schema
    said = [Return(declared, status, items, taken, description, many, schema is None)]
    if template is not None or block:
        page = page_of(template, block, where)
        said = _with_page(said[0], page, has_schema=schema is not ...)

    def decorate(function: F) -> F:
        for each in declarations_of(function).returns:
            if each.status == status and not _are_apart([each], said):
                name = getattr(function, "__qualname__", function)
                raise DeclarationError(
                    f"{name} declares the status {status} twice for one media type. Give each "
                    "@returns its own media_types, or declare alternatives: @returns(A | B)."
                )
        return _declare(function, lambda old: old._replace(returns=(*said, *old.returns)))

    return decorate


def _with_page(said: Return, page: Page, *, has_schema: bool) -> list[Return]:
    """Return a declared response in the media type of its page, and in those of its schema."""
    types = page.media_types if has_schema else said.media_types or page.media_types
    shown = said._replace(schema=None, media_types=types, many=None, is_open=False, page=page)
    return [said, shown] if has_schema else [shown]


def _are_apart(first: Sequence[Return], second: Sequence[Return]) -> bool:
    """Return whether declarations of one status have no media type in common."""
    ours, theirs = _types_of(first), _types_of(second)
    return bool(ours) and bool(theirs) and not ours & theirs


def _types_of(said: Sequence[Return]) -> set[str]:
    found: set[str] = set()
    for each in said:
        found.update([JSON] if each.media_types is None else each.media_types)
    return found


@_needs_call("@raises(NotFound)")
def raises(
    *problems: type[Problem], description: str = "", headers: HeaderLike | None = None
) -> Callable[[C], C]:
    """Declare the problems that a verb may raise.

    It stands on everything that may respond: on verbs, the helpers that they call, functions as
    routes, Resource classes, middleware, problem handlers, factories of `provide`, and
    ``authenticate`` of a security scheme. Each Operation that one of these surrounds has the
    problems in its record.

    Args:
        problems: Problem classes.
        description: When they are raised, for the document.
        headers: Headers of the responses: a description, or a `Header`.
    """
    said_headers = headers_of(headers, "headers of @raises")
    said = tuple(
        each._replace(description=description, headers=said_headers)
        for each in failures_of(problems, "@raises")
    )

    def decorate(function: C) -> C:
        if isinstance(function, type):
            if is_mounted(function):
                raise DeclarationError(
                    f"{function.__name__} is mounted already: put @raises below the route."
                )
            add_class_failures(function, said)
            return cast(C, function)
        return _declare(function, lambda old: old._replace(raises=(*said, *old.raises)))

    return decorate


@_needs_call("@operation(summary='...')")
def operation(
    *,
    operation_id: str | None = None,
    summary: str | None = None,
    description: str | None = None,
    tags: Sequence[str] | None = None,
    deprecated: bool | None = None,
    documented: bool | None = None,
    examples: Mapping[str, object] | None = None,
    extensions: Mapping[str, object] | None = None,
    response_headers: HeaderLike | None = None,
) -> Callable[[F], F]:
    """Declare what the document says of a verb, where the docstring and the class do not.

    Args:
        operation_id: In place of the derived one.
        summary: In place of the docstring's first line.
        description: In place of the docstring's rest.
        tags: In place of the class's.
        deprecated: Whether clients should stop using it.
        documented: False leaves it out of the document.
        examples: Named examples of the request's content, by name.
        extensions: ``x-...`` members of the Operation Object.
        response_headers: Headers of every declared response of the verb; on a middleware, of every
            response that passes through it.
    """
    named = headers_of(response_headers, "response_headers of @operation")
    if operation_id is not None:
        check_text(operation_id, "operation_id of @operation", "listBooks")
    for option, value in (("deprecated", deprecated), ("documented", documented)):
        if value is not None:
            check_flag(value, f"{option} of @operation")
    check_mapping(examples, "examples of @operation", "{'short': {'title': 'Emma'}}")
    check_mapping(extensions, "extensions of @operation", "{'x-internal': True}")
    said = {
        "operation_id": operation_id,
        "summary": summary,
        "description": description,
        "tags": texts_of(tags, "tags of @operation") if tags is not None else None,
        "deprecated": deprecated,
        "documented": documented,
        "examples": examples,
        "extensions": extensions,
        "response_headers": named or None,
    }
    words = {name: value for name, value in said.items() if value is not None}

    def decorate(function: F) -> F:
        return _declare(function, lambda old: old._replace(words={**old.words, **words}))

    return decorate


@_needs_call("@access(security=keys)")
def access(*, security: SecurityLike | None = None, public: bool = False) -> Callable[[F], F]:
    """Declare what guards one verb or function; it wins over the class, the mount and the App.

    Args:
        security: Security schemes; see `restkit.Scheme`.
        public: Whether anybody may call. Credentials are then ignored.
    """
    check_flag(public, "public of @access")
    if not public and security is None:
        raise DeclarationError("@access says nothing: give it security=... or public=True.")
    if public and security is not None:
        raise DeclarationError("@access has both public=True and security; leave one of them out.")
    said = () if public else normal_form(security, "security of @access")

    def decorate(function: F) -> F:
        return _declare(function, lambda old: old._replace(words={**old.words, "security": said}))

    return decorate
