"""Start-up checks that a method's parameters are the URL variables and inputs of the verb."""

from __future__ import annotations

import inspect
from collections.abc import Set as AbstractSet
from typing import get_args

from ..contract import Location
from ..dependencies import check_defaults
from ..errors import DeclarationError
from ..resource import FunctionResource
from .signatures import check_variable
from .verb import Verb

__all__ = ["check_signature"]

_LOCATIONS: tuple[str, ...] = ("body", "query", "headers", "cookies", "form", "files")


def check_signature(verb: Verb, inputs: AbstractSet[str]) -> None:
    """Compare a verb's parameters with its URL variables and inputs.

    Args:
        verb: The verb.
        inputs: The locations of its inputs.

    Raises:
        DeclarationError: A parameter is missing, has no source, or has two.
    """
    check_defaults(verb.function, verb.declared_at)
    given = (*verb.mount.parameters, *verb.mount.host_parameters)
    variables = {parameter.name for parameter in given}
    clash = variables & inputs
    if clash:
        raise DeclarationError(
            f"{verb.declared_at}: {min(clash)!r} is both an input and a variable of "
            f"{verb.mount.rule!r}. Rename the variable."
        )
    _check_self(verb, variables)
    _check_missing(verb, variables, inputs)
    _check_unknown(verb, variables | inputs | verb.injected.keys())
    for parameter in verb.mount.parameters:
        annotation = verb.signature.annotations.get(parameter.name)
        check_variable(parameter.name, annotation, verb.mount.rule, verb.declared_at)


def _check_self(verb: Verb, variables: AbstractSet[str]) -> None:
    """Reject a method whose first parameter is an input: it would be the resource."""
    code = getattr(inspect.unwrap(verb.function), "__code__", None)
    if code is None or not code.co_argcount or issubclass(verb.resource, FunctionResource):
        return
    first = code.co_varnames[0]
    if first in variables or first in get_args(Location):
        raise DeclarationError(
            f"{verb.declared_at} takes no self; its first parameter is {first!r}. Write "
            f"def {verb.method.lower()}(self, {first}, ...)."
        )


def _check_missing(verb: Verb, variables: AbstractSet[str], inputs: AbstractSet[str]) -> None:
    for name in sorted(variables | inputs):
        if verb.signature.takes(name):
            continue
        source = f"the declared {name}"
        if name in variables:
            source = f"the variable {name!r} of {verb.mount.rule!r}"
        raise DeclarationError(
            f"{verb.declared_at} has no parameter {name!r} for {source}. Add it to the signature."
        )


def _check_unknown(verb: Verb, known: AbstractSet[str]) -> None:
    # A parameter with a default and no annotation may bind a value (`x=x`), so it is allowed. With
    # an annotation, it is meant as an input.
    annotations = verb.signature.annotations.items()
    typed = {name for name, annotation in annotations if annotation is not None}
    unknown = (verb.signature.required | typed) - known
    if not unknown:
        return
    name = min(unknown)
    advice = f"Declare it with @takes({name}=...)."
    if name == "body":
        advice = "Declare it with schema in the class, or with @takes(body=...)."
    elif name not in _LOCATIONS:
        advice = (
            f"It is neither a variable of the URL pattern nor one of {', '.join(_LOCATIONS)}. "
            "Remove or rename it."
        )
    raise DeclarationError(f"{verb.declared_at}: the parameter {name!r} has no source. {advice}")
