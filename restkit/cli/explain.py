"""``restkit explain``: the steps of a request's handling, or the fields of a schema."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import cast

import click
from marshmallow import Schema
from werkzeug.exceptions import HTTPException
from werkzeug.test import create_environ

from ..app import App
from ..app_loading import load_object
from ..caching.cache import Cache
from ..caching.keys import varying
from ..contract import Input, Operation, Output
from ..crud.row_paths import RowPaths
from ..operations.collisions import converters_of
from ..operations.entries import Entry
from ..rendering.response_writer import offered
from ..request import Request
from ..routing.router import Router
from ..schemas.bound import BoundSchema, View, bind
from ..security_scheme import SecurityScheme
from ..settings import Settings
from .target import Mistake, mistakes, target_of
from .tiers import Side, columns, indented, tiers

__all__ = ["command"]

_UNSAFE = ("PUT", "PATCH", "DELETE")


@click.command()
@click.argument("target")
@click.argument("method", required=False)
@click.argument("path", required=False)
@click.option(
    "--host", default="localhost", help="The host of the request, if patterns have a host."
)
@click.option("--source", is_flag=True, help="Print the Python code generated from the schemas.")
@click.option("--traceback", "shown", is_flag=True, help="Show the whole traceback of an error.")
def command(
    target: str, method: str | None, path: str | None, host: str, source: bool, shown: bool
) -> None:
    """Explain how an App handles a request, or how restkit handles a schema.

    With METHOD and PATH, TARGET is an App: restkit explain shop.api GET /books/3. Alone it is a
    marshmallow Schema: restkit explain shop.api:BookSchema.
    """
    with mistakes(shown):
        found = load_object(target)
    if isinstance(found, Schema) or (isinstance(found, type) and issubclass(found, Schema)):
        if method is not None:
            raise Mistake(f"{target} is a schema; METHOD and PATH belong to an App.")
        lines = _schema(found, target, source, shown)
    else:
        app = target_of(target, shown)
        if method is None or path is None:
            raise Mistake(
                f"{target} is an App: name a request too, as in: restkit explain {target} GET /."
            )
        lines = _request(app, method.upper(), path, host, source)
    for line in lines:
        click.echo(line)


# a schema


def _schema(
    declared: Schema | type[Schema], target: str, source: bool, shown: bool
) -> Iterator[str]:
    """Yield the lines on a schema: its instance for requests and its instance for responses."""
    with mistakes(shown):
        written = bind(declared, View.REQUEST, declared_at=target)
        read = bind(declared, View.RESPONSE, declared_at=target)
    yield f"{written.declared.__module__}.{written.declared.__qualname__}"
    sides: list[tuple[Side, BoundSchema]] = [("load", written), ("dump", read)]
    for side, bound in sides:
        yield from ("", f"{side}s")
        yield from indented(tiers(bound.schema, side, source=source))


# a request


def _request(app: App, method: str, path: str, host: str, source: bool) -> Iterator[str]:
    entry, operation, values = _found(app, method, path, host)
    settings: Settings = entry.owner.settings
    name = operation.operation_id if operation.documented else "not documented"
    yield f"{operation.method} {operation.host}{operation.rule}  {name}  {operation.declared_at}"
    if operation.summary:
        yield operation.summary
    if method == "HEAD" and operation.method == "GET":
        yield "HEAD is automatic: the response to GET without its content."
    yield from _part("path", [f"{name} = {value!r}" for name, value in values.items()])
    yield from _part("middleware, the outermost first", _middleware(entry))
    yield from _part("guards, in this order", _guards(operation, settings))
    inputs = (_input(each, settings, source) for each in operation.inputs)
    yield from _part("takes", chain.from_iterable(inputs))
    paths = getattr(operation.resource, "row_paths", None)
    if isinstance(paths, RowPaths):
        yield from _part("items", [paths.explained(operation.declared_at.rpartition(".")[2])])
    outputs = (_output(each, settings, source) for each in operation.outputs)
    yield from _part("responses", chain.from_iterable(outputs))
    yield from _part("problems", _problems(operation))


def _part(title: str, lines: Iterable[str]) -> Iterator[str]:
    """Yield the lines of a part below its title."""
    yield from ("", title)
    yield from indented(list(lines) or ["none"])


def _router_of(app: App, entries: Sequence[Entry]) -> Router:
    """Return a router whose routes are named by the position of their entry."""
    owners = {id(each.owner): each.owner for each in entries}
    router = Router(converters_of(owners.values()), app.settings.trailing_slash)
    for index, entry in enumerate(entries):
        router.route(entry.pattern, str(index))
    router.finish()
    return router


def _found(
    app: App, method: str, path: str, host: str
) -> tuple[Entry, Operation, dict[str, object]]:
    """Return the entry and the Operation that handle a request, with the URL's values."""
    entries = app.entries()
    router = _router_of(app, entries)
    try:
        match = router.match(Request(create_environ(path, f"http://{host}/", method=method)))
    except HTTPException as redirect:
        raise Mistake(
            f"{path} is redirected to {getattr(redirect, 'new_url', 'another URL')}."
        ) from None
    if match is None:
        raise Mistake(f"No route matches {path}. restkit routes lists the routes of the App.")
    route, values = match
    key = (route.pattern.host, route.pattern.rule)
    here = [each for each in entries if (each.pattern.host, each.pattern.rule) == key]
    known = {operation.method: (each, operation) for each in here for operation in each.operations}
    chosen = "GET" if method == "HEAD" and "HEAD" not in known else method
    if chosen not in known:
        raise Mistake(
            f"{route.pattern.rule} has no {method} of its own; it has {', '.join(sorted(known))}."
        )
    return *known[chosen], values


def _middleware(entry: Entry) -> list[str]:
    found: Sequence[object] = entry.middleware
    return [
        f"{each.__module__}.{getattr(each, '__qualname__', type(each).__qualname__)}"
        for each in found
    ]


def _combination(schemes: Iterable[tuple[SecurityScheme, tuple[str, ...]]]) -> str:
    """Return the words for the schemes that one alternative combines."""
    words: list[str] = []
    for scheme, scopes in schemes:
        words.append(f"{scheme.name} ({', '.join(scopes)})" if scopes else scheme.name)
    return " and ".join(words) or "anonymous"


def _guards(operation: Operation, settings: Settings) -> Iterator[str]:
    """Yield the checks of a request before the method runs, then those of the method's value."""
    allowed = [_combination(each) for each in operation.security]
    yield f"security: {' or '.join(allowed)}" if allowed else "security: none, anyone may call"
    if operation.permission is not None:
        yield f"permission: {operation.permission.description}, or a 403"
    if operation.conditional == "required" and operation.method in _UNSAFE:
        yield "precondition demanded: If-Match, or a 428"
    if operation.idempotency is not None:
        yield f"{operation.idempotency.header.name}: a repeated request gets the stored response"
    types = offered(operation)
    yield f"negotiation: {', '.join(types)}; a 406 for any other" if types else "negotiation: none"
    yield from _caching(operation)
    yield from _limits(operation, settings)
    if operation.conditional:
        yield "preconditions: entity_tag and last_modified, as the method sets them; a 304 or a 412"


def _caching(operation: Operation) -> Iterator[str]:
    """Yield how responses are stored, or why they are not."""
    use = operation.cache
    if use is None:
        return
    if use.rule is None:
        yield "cache: none, cache=False takes that of an outer level away"
    elif use.obstacle:
        yield f"cache: none, {use.obstacle}"
    else:
        cache = cast("Cache", use.rule)
        parts = [f"{cache.seconds:g} seconds"]
        if cache.stale:
            parts.append(f"{cache.stale:g} more while another response is made")
        if cache.stale_if_error:
            parts.append(f"{cache.stale_if_error:g} more if that fails")
        is_private = operation.security and not cache.shared
        parts.append("each caller apart" if is_private else "all callers together")
        if names := varying(operation, cache):
            parts.append(f"by {', '.join(names)}")
        yield f"cache: {', '.join(parts)}"


def _limits(operation: Operation, settings: Settings) -> Iterator[str]:
    """Yield the checks of the query and the limits of the content."""
    if operation.input("query") is None:
        yield "query: any is rejected, a 422" if settings.strict else "query: ignored"
    body = operation.input("body")
    if body is not None:
        usual = settings.max_body_size
        depth = f"; JSON {settings.max_json_depth} levels deep, a 400 beyond"
        if body.raw is not None:
            usual, depth = settings.max_upload_size, ""
        yield f"limits: content of {body.max_size or usual:,} bytes, a 413 beyond{depth}"
    form = operation.input("form") or operation.input("files")
    if form is not None:
        most = f"{settings.max_body_size:,} bytes, as multipart {settings.max_upload_size:,}"
        if form.max_size is not None:
            most = f"{form.max_size:,} bytes"
        yield f"limits: content of {most}; a 413 beyond"


def _input(each: Input, settings: Settings, source: bool) -> Iterator[str]:
    types = f", {', '.join(each.media_types)}" if each.media_types else ""
    if each.schema is None:
        yield f"{each.location}: {each.raw}{types}"
        return
    yield f"{each.location}: {_name(each.schema)}{types}"
    if each.shape is not None:
        yield "  Converted to the annotated class."
    yield from indented(
        tiers(each.schema.schema, "load", compiled=settings.compile_schemas, source=source)
    )


def _output(each: Output, settings: Settings, source: bool) -> Iterator[str]:
    types = f", {', '.join(each.media_types)}" if each.has_content else ", no content"
    if each.events is not None:
        yield f"{each.status}{types}"
        yield from indented([_event(*pair) for pair in each.events.schemas.items()])
        return
    if each.schema is None:
        yield f"{each.status}{types}"
        return
    yield f"{each.status}: {_name(each.schema)}{types}"
    yield from indented(
        tiers(each.schema.schema, "dump", compiled=settings.compile_schemas, source=source)
    )


def _event(name: str, bound: BoundSchema | None) -> str:
    return f"{name}: {'text' if bound is None else _name(bound)}"


def _name(bound: BoundSchema) -> str:
    name = bound.declared.__qualname__ if bound.name else "fields"
    partial = ", each may be omitted" if bound.view is View.PATCH else ""
    many = "a list of " if bound.many else ""
    return f"{many}{name}{partial}"


def _problems(operation: Operation) -> Iterable[str]:
    rows: list[tuple[str, ...]] = [
        (str(each.problem.status), each.problem.__name__, each.stage, each.description)
        for each in sorted(operation.failures, key=lambda each: each.problem.status)
    ]
    return columns(rows) if rows else ()
