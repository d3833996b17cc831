"""The decorators of verbs: `takes`, `returns`, `raises` and `operation`."""

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

if TYPE_CHECKING:
    from .declarations import BodyLike, HeaderLike
    from .schemas.bound import SchemaLike

__all__ = ["declare", "needs_call", "operation", "raises", "returns", "takes"]

F = TypeVar("F", bound=Callable[..., object])
C = TypeVar("C", bound=Callable[..., object])
P = ParamSpec("P")
R = TypeVar("R")
_ARGUMENTS: dict[str, tuple[str, ...]] = {}  # of every decorator, by its name


def declare(function: F, change: Callable[[Declarations], Declarations]) -> F:
    """Return a method or function with changed declarations."""
    if not callable(function):
        raise DeclarationError(
            f"restkit's decorators expect a method or a function, got {function!r}."
        )
    if isinstance(function, type):
        raise DeclarationError(
            f"{function.__name__} is a class. Declare its methods with @takes, @returns and others."
        )
    if isinstance(function, DeclaredMethod) and function.mounted:
        raise DeclarationError(
            f"{function.function.__qualname__} is mounted already. Write its other decorators "
            "below the route."
        )
    declared = declarations_of(function)
    return cast(F, DeclaredMethod(plain_function(function), change(declared)))


def needs_call(example: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Make a decorator reject use without parentheses, and arguments that it does not have.

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


@needs_call("@takes(body=BookSchema)")
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
    """Declare the schemas of a verb's inputs by location.

    The method gets the validated values as keyword arguments of the same names.

    Args:
        body: Schema of the request's content. Overrides the class's ``schema``. ``A | B`` declares
            alternatives, a mapping one schema for each media type. ``bytes``, ``str`` and
            ``BinaryIO`` declare raw content of any media type, ``BinaryIO`` as a stream.
        query: Schema of the query parameters. A ``List`` field is a repeated parameter, or with
            ``metadata={"explode": False}`` a delimited one; ``"style"`` gives the delimiter.
        headers: Schema of request headers; a field ``x_request_id`` is ``X-Request-Id``.
        cookies: Schema of cookies.
        form: Schema of a form, ``application/x-www-form-urlencoded`` or ``multipart/form-data``.
        files: Schema of a multipart form's files, with `Upload` fields.
        media_types: Media types of the content; for a body JSON by default. A body may have both
            JSON and a form media type, with the same schema.
        max_size: Largest size of a body or form in bytes. Overrides the App's settings.
    """
    if max_size is not None and (type(max_size) is not int or max_size < 1):
        raise DeclarationError(
            f"@takes(max_size={max_size!r}) must be a number of bytes, at least 1."
        )
    schemas: dict[Location, BodyLike | None] = {
        "body": body,
        "query": query,
        "headers": headers,
        "cookies": cookies,
        "form": form,
        "files": files,
    }
    given = {name: schema for name, schema in schemas.items() if schema is not None}
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
        return declare(function, change)

    return decorate


def _check_response(status: object, many: object) -> None:
    if many is not None:
        check_flag(many, f"many of @returns(status={status})")
    if not isinstance(status, int) or not 200 <= status <= 599:
        raise DeclarationError(
            f"@returns(status={status!r}): the status must be an integer from 200 to 599. Declare "
            "problems with @raises."
        )


@needs_call("@returns(BookSchema)")
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

    The topmost one is the status of a plain return value. A method chooses another one with
    ``return data, status``.

    Args:
        schema: The schema of the content; None for content without a schema. If it is left out,
            the response has no content if the return annotation is None. With the statuses 201 and
            202 it also has none if the method has no annotation and its class no schema.
        status: The HTTP status. A method returns an error status as ``(data, status)``; only a
            Problem that it raises rolls back provided values.
        headers: Response headers: a description, or a `Header`.
        media_types: Media types of the content, ``application/json`` by default.
        description: A sentence for the document.
        many: Whether the content is a list; the return annotation decides by default.
        template: The template that renders the content as ``text/html``, or as the media type of
            its extension (``feed.xml``). With a schema, Accept chooses between the page and JSON.
        block: The block of the template that is the content; the whole template by default.
    """
    _check_response(status, many)
    items = headers_of(headers, f"headers of @returns(status={status})")
    where = f"@returns(status={status})"
    taken = None if media_types is None else texts_of(media_types, f"media_types of {where}")
    check_media_types(taken or (), where)
    declared = None if schema is ... else schema
    responses = [Return(declared, status, items, taken, description, many, schema is None)]
    if template is not None or block:
        page = page_of(template, block, where)
        responses = _with_page(responses[0], page, has_schema=schema is not ...)

    def decorate(function: F) -> F:
        for each in declarations_of(function).returns:
            if each.status == status and not _have_distinct_types([each], responses):
                name = getattr(function, "__qualname__", function)
                raise DeclarationError(
                    f"{name} declares the status {status} twice for one media type. Give each "
                    "@returns its own media_types, or declare alternatives: @returns(A | B)."
                )
        return declare(function, lambda old: old._replace(returns=(*responses, *old.returns)))

    return decorate


def _with_page(response: Return, page: Page, *, has_schema: bool) -> list[Return]:
    """Return a declared response in the media type of its page, and in those of its schema."""
    types = page.media_types if has_schema else response.media_types or page.media_types
    other = response._replace(schema=None, media_types=types, many=None, is_open=False, page=page)
    return [response, other] if has_schema else [other]


def _have_distinct_types(first: Sequence[Return], second: Sequence[Return]) -> bool:
    """Return whether declared responses of one status have no media type in common."""
    ours, theirs = _types_of(first), _types_of(second)
    return bool(ours) and bool(theirs) and not ours & theirs


def _types_of(responses: Sequence[Return]) -> set[str]:
    found: set[str] = set()
    for each in responses:
        found.update([JSON] if each.media_types is None else each.media_types)
    return found


@needs_call("@raises(NotFound)")
def raises(
    *problems: type[Problem], description: str = "", headers: HeaderLike | None = None
) -> Callable[[C], C]:
    """Declare the problems that a verb may raise.

    It decorates everything that may respond: verbs, the helpers that they call, functions as
    routes, Resource classes, middleware, problem handlers, factories of `provide`, and
    ``authenticate`` of a security scheme. Each Operation that one of these surrounds has the
    problems in its record.

    Args:
        problems: Problem classes.
        description: The condition under which they are raised, for the document.
        headers: Headers of the responses: a description, or a `Header`.
    """
    response_headers = headers_of(headers, "headers of @raises")
    failures = tuple(
        each._replace(description=description, headers=response_headers)
        for each in failures_of(problems, "@raises")
    )

    def decorate(function: C) -> C:
        if isinstance(function, type):
            if is_mounted(function):
                raise DeclarationError(
                    f"{function.__name__} is mounted already. Write @raises below the route."
                )
            add_class_failures(function, failures)
            return cast(C, function)
        return declare(function, lambda old: old._replace(raises=(*failures, *old.raises)))

    return decorate


@needs_call("@operation(summary='...')")
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
    """Declare members of a verb's Operation Object, over those of its docstring and class.

    Args:
        operation_id: The operationId. Overrides the derived one.
        summary: The summary. Overrides the docstring's first line.
        description: The description in CommonMark. Overrides the rest of the docstring.
        tags: The tags. Override those of the class.
        deprecated: Whether clients should stop using the operation.
        documented: Whether the operation is in the document.
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
    given = {
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
    words = {name: value for name, value in given.items() if value is not None}

    def decorate(function: F) -> F:
        return declare(function, lambda old: old._replace(words={**old.words, **words}))

    return decorate
