"""Contributions to Operations: the failures, headers, parameters and security of other parts.

Each part declares its problems with `raises`, its response headers with `operation`, and everything
else with a method ``contribute`` (see `restkit.contract.Contributor`). An Operation is completed
from the inside out, so that every response that passes through a middleware has its headers.
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Iterable, Mapping, Sequence

from ..contract import Failure, Header, Operation, Output, Parameter
from ..contributor import Contribution
from ..declaration_checks import check_call, check_header
from ..declarations import declarations_of
from ..errors import DeclarationError
from ..problems import BadRequest, Forbidden, Problem, Unauthorized
from ..routing.patterns import Pattern
from ..security_scheme import Permission, Security, uses_authorization

__all__ = [
    "add_contribution",
    "add_failures",
    "add_part",
    "contribution_of",
    "joined_headers",
    "options_operation",
    "permitted",
    "secured",
    "surrounded",
]

_ALLOW = Header("Allow", "The methods of the URL.", required=True)
_OF_OPTIONS = (Output(204, None, (), (_ALLOW,)), Output(200, None, ("*/*",)))
_CHALLENGE = (Header("WWW-Authenticate", "How to authenticate."),)
_UNAUTHORIZED = Failure(Unauthorized, "security", "There are no valid credentials.", _CHALLENGE)
_FORBIDDEN = Failure(Forbidden, "security", "The credentials do not suffice.")
_AMBIGUOUS = Failure(
    BadRequest,
    "security",
    "There are several Authorization headers, or credentials of several kinds in one.",
)


def add_part(operation: Operation, part: object, stage: str) -> Operation:
    """Return an Operation with the declarations and the contribution of a part around it.

    Args:
        operation: The record.
        part: A middleware, handler, factory or extension. The object of a bound method contributes
            too: ``app.middleware(self.add)``.
        stage: The kind of the part, for `Failure.stage`.

    Raises:
        DeclarationError: ``contribute`` did not return a Contribution, or the Contribution is
            invalid.
    """
    declared = declarations_of(part)
    headers: tuple[Header, ...] = declared.words.get("response_headers", ())
    operation = add_contribution(
        operation, Contribution(failures=declared.raises, headers=headers), stage
    )
    contributor = part.__self__ if isinstance(part, types.MethodType) else part
    more = contribution_of(contributor, operation)
    return operation if more is None else add_contribution(operation, more, stage)


def surrounded(
    operation: Operation, handlers: Iterable[object], middleware: Sequence[object]
) -> Operation:
    """Return an Operation with the contributions of problem handlers and of middleware.

    The middleware is around the handlers, its first one outermost.
    """
    for handler in handlers:
        operation = add_part(operation, handler, "handler")
    for each in reversed(middleware):
        operation = add_part(operation, each, "middleware")
    return operation


def options_operation(pattern: Pattern, resource: type, operation_id: str) -> Operation:
    """Return the record of OPTIONS for a resource without such a method; it is not documented."""
    declared_at = f"{resource.__module__}.{resource.__qualname__}.options"
    return Operation(
        method="OPTIONS",
        path=pattern.path,
        rule=pattern.rule,
        resource=resource,
        function=resource,
        declared_at=declared_at,
        operation_id=operation_id,
        host=pattern.host,
        documented=False,
        path_parameters=pattern.parameters,
        host_parameters=pattern.host_parameters,
        outputs=_OF_OPTIONS,
    )


def contribution_of(part: object, operation: Operation) -> Contribution | None:
    """Return the contribution of a part to an Operation, None without a method ``contribute``."""
    contribute = getattr(part, "contribute", None)
    if isinstance(part, type) or not callable(contribute):
        return None
    more = contribute(operation)
    if not isinstance(more, Contribution):
        raise DeclarationError(
            f"{type(part).__qualname__}.contribute() returned {more!r}. It must return a "
            "Contribution; write Contribution() to add nothing."
        )
    _check(more)
    return more


def add_contribution(operation: Operation, more: Contribution, stage: str) -> Operation:
    """Return an Operation with a contribution. Its security is not added here, see `secured`."""
    if more == _EMPTY:
        return operation
    _check(more)
    _check_values(more, operation.declared_at)
    operation = add_failures(operation, more.failures, stage)
    operation = _with_outputs(operation, more.outputs)
    if more.media_types:
        from .replaced_types import with_media_types  # cold start: few Apps have other types

        operation = with_media_types(operation, more.media_types)
    if more.headers:
        operation = _with_headers(operation, more.headers)
        if stage in _SURROUNDING:
            around = joined_headers(operation.surrounding_headers, more.headers)
            operation = operation._replace(surrounding_headers=around)
    known = set(map(_place_of, operation.parameters))
    parameters = {key: each for each in more.parameters if (key := _place_of(each)) not in known}
    description = operation.description
    if more.description and more.description not in description:
        description = f"{description}\n\n{more.description}".strip()
    return operation._replace(
        parameters=(*operation.parameters, *parameters.values()),
        extensions={**more.extensions, **operation.extensions},
        problem_members={**operation.problem_members, **more.problem_members},
        description=description,
        middleware=(*more.middleware, *operation.middleware),
    )


_EMPTY = Contribution()
# The stages whose parts see every response, also that of a failed authentication.
_SURROUNDING = ("handler", "middleware", "extension")
_LOCATIONS = ("query", "header", "cookie")


def _place_of(parameter: Parameter) -> tuple[str, str]:
    """Return the key that identifies a parameter; header names are case-insensitive."""
    name = parameter.name
    return parameter.location, name.lower() if parameter.location == "header" else name


def _check(more: Contribution) -> None:
    for given, kind in (
        (more.failures, Failure),
        (more.headers, Header),
        (more.parameters, Parameter),
        (more.outputs, Output),
    ):
        if isinstance(given, kind) or not all(isinstance(each, kind) for each in given):
            raise DeclarationError(
                f"A Contribution must have a tuple of {kind.__name__} records, not {given!r}."
            )
    for each in more.failures:
        _check_failure(each)
    for part in more.middleware:
        check_call(part, ("request", "proceed"), "The middleware of a Contribution")
    if not isinstance(more.extensions, Mapping) or not all(
        str(name).startswith("x-") for name in more.extensions
    ):
        raise DeclarationError(
            "The extensions of a Contribution must be a mapping whose names begin with 'x-', "
            f"not {more.extensions!r}."
        )
    _check_meaning(more)


def _check_meaning(more: Contribution) -> None:
    headers = [*more.headers]
    for failure in more.failures:
        headers += failure.headers
    for header in headers:
        check_header(*header, "a Contribution")
    for parameter in more.parameters:
        if parameter.location not in _LOCATIONS:
            raise DeclarationError(
                f"The parameter {parameter.name!r} of a Contribution has the location "
                f"{parameter.location!r}. Write 'query', 'header' or 'cookie'."
            )
    if more.security and not _is_security(more.security):
        raise DeclarationError(
            "The security of a Contribution must be Requirement.alternatives with at least one "
            f"scheme, not {more.security!r}."
        )


def _is_security(security: object) -> bool:
    """Return whether a value has the form of `Security` with at least one scheme."""
    if not isinstance(security, tuple):
        return False
    pairs: list[object] = []
    for combination in security:
        if not isinstance(combination, tuple):
            return False
        pairs += combination
    return bool(pairs) and all(isinstance(pair, tuple) and len(pair) == 2 for pair in pairs)


def _check_values(more: Contribution, declared_at: str) -> None:
    """Reject values that JSON cannot represent, since the document contains them."""
    named: list[Header | Parameter] = [*more.headers, *more.parameters]
    named += [header for failure in more.failures for header in failure.headers]
    # Cold start: these load decimal and pathlib, and most programs contribute nothing.
    from ..schemas.json_values import json_value, text_value
    from ..schemas.schema_values import schema_value

    checks: list[tuple[str, Callable[[object], object], object]] = [
        ("description", text_value, more.description),
        ("extensions", json_value, more.extensions),
    ]
    for each in named:
        checks.append((f"description of {each.name!r}", text_value, each.description))
        checks.append((f"schema of {each.name!r}", schema_value, each.schema))
    for what, convert, value in checks:
        _check_value(f"{declared_at}: the {what} of a Contribution", convert, value)


def _check_value(where: str, convert: Callable[[object], object], value: object) -> None:
    try:
        convert(value)
    except ValueError as error:
        raise DeclarationError(f"{where} cannot be written as JSON: {error}.") from None
    except Exception:  # noqa: BLE001  # a lazy translation may need a request to get its text
        return


def _check_failure(failure: Failure) -> None:
    kind: object = failure.problem
    if not (isinstance(kind, type) and issubclass(kind, Problem)):
        raise DeclarationError(
            f"The problem of a contributed Failure must be a Problem class, not {kind!r}."
        )
    stage: object = failure.stage
    if not isinstance(stage, str) or not stage:
        raise DeclarationError(
            f"The stage of a contributed Failure must be a word, not {stage!r}. Write the part "
            f"that responds: Failure({kind.__name__}, 'middleware')."
        )


def add_failures(operation: Operation, failures: Iterable[Failure], stage: str) -> Operation:
    """Return an Operation with more failures, without duplicates.

    Failures of the stage ``"method"`` get the given stage.
    """
    known = [(each.problem, each.description, each.headers) for each in operation.failures]
    more: list[Failure] = []
    for each in failures:
        key = (each.problem, each.description, each.headers)
        if key not in known:
            known.append(key)
            more.append(each._replace(stage=stage) if each.stage == "method" else each)
    if not more:
        return operation
    return operation._replace(failures=(*operation.failures, *more))


def _with_outputs(operation: Operation, more: Sequence[Output]) -> Operation:
    """Return an Operation with those responses whose status it does not declare yet."""
    stated = {each.status for each in operation.outputs}
    added = tuple(each for each in more if each.status not in stated)
    return operation._replace(outputs=(*operation.outputs, *added)) if added else operation


def _with_headers(operation: Operation, headers: Sequence[Header]) -> Operation:
    outputs = [
        each._replace(headers=joined_headers(each.headers, headers)) for each in operation.outputs
    ]
    failures = [
        each._replace(headers=joined_headers(each.headers, headers)) for each in operation.failures
    ]
    return operation._replace(outputs=tuple(outputs), failures=tuple(failures))


def joined_headers(own: Sequence[Header], more: Sequence[Header]) -> tuple[Header, ...]:
    """Return headers and those others whose names they do not have."""
    names = {each.name.lower() for each in own}
    return (*own, *(each for each in more if each.name.lower() not in names))


def permitted(operation: Operation, permission: Permission) -> Operation:
    """Return an Operation with a permission, and with the problems that its rule may raise."""
    lacking = Failure(
        Forbidden, "security", f"The caller lacks the permission: {permission.description}."
    )
    failures = [lacking]
    for each in getattr(permission, "origins", ()):
        failures += declarations_of(each).raises
    known = len(operation.failures)
    operation = add_failures(operation._replace(permission=permission), failures, "security")
    return _with_surrounding_headers(operation, known)


def secured(operation: Operation, security: Security) -> Operation:
    """Return an Operation with security, and with the problems of its schemes and of the guard."""
    operation = operation._replace(security=security)
    if not security:
        return operation
    known = len(operation.failures)
    schemes = list({id(each): each for combination in security for each, _ in combination}.values())
    own = [_UNAUTHORIZED, _FORBIDDEN]
    if any(uses_authorization(each) for each in schemes):
        own.append(_AMBIGUOUS)
    operation = add_failures(operation, own, "security")
    for each in schemes:
        authenticate = inspect.getattr_static(each, "authenticate", None)
        declared = declarations_of(authenticate)
        operation = add_failures(operation, declared.raises, "security")
        operation = add_part(operation, each, "security")
    return _with_surrounding_headers(operation, known)


def _with_surrounding_headers(operation: Operation, known: int) -> Operation:
    """Return an Operation whose later failures have the headers of the parts around it."""
    around = operation.surrounding_headers
    added = [
        each._replace(headers=joined_headers(each.headers, around))
        for each in operation.failures[known:]
    ]
    return operation._replace(failures=(*operation.failures[:known], *added))
