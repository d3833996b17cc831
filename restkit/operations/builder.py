"""Make the Operations of a resource class when it is mounted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..contract import Operation, Parameter
from ..resource import Resource, verbs_of
from .signature_checks import check_signature
from .verb import Mount, Shared, Verb
from .verb_failures import failures_of_verb
from .verb_inputs import inputs_of
from .verb_outputs import form_output, outputs_of
from .words import default_tag, split_docstring

__all__ = ["Mount", "collect"]


def collect(resource: type[Resource], mount: Mount) -> tuple[Operation, ...]:
    """Make the Operations of a resource at one URL pattern.

    Raises:
        DeclarationError: The class, its signatures, schemas and the pattern do not fit together.
    """
    shared = Shared(resource, mount)
    return tuple(
        _operation(Verb(resource, method, function, shared))
        for method, function in verbs_of(resource).items()
    )


def _operation(verb: Verb) -> Operation:
    """Make the Operation of a verb."""
    words = verb.declared.words
    inputs = inputs_of(verb)
    check_signature(verb, {each.location for each in inputs})
    outputs = outputs_of(verb)
    shown = form_output(verb, inputs, outputs)
    summary, description = split_docstring(verb.function.__doc__ or "")
    is_deprecated = hasattr(verb.function, "__deprecated__")
    return Operation(
        method=verb.method,
        path=verb.mount.path,
        rule=verb.mount.rule,
        host=verb.mount.host,
        resource=verb.resource,
        function=verb.function,
        declared_at=verb.declared_at,
        operation_id=words.get("operation_id", words.get("derived_id", "")),
        has_given_id="operation_id" in words,
        summary=words.get("summary", summary),
        description=words.get("description", description),
        tags=_tags(verb, words.get("tags")),
        deprecated=words.get("deprecated", is_deprecated),
        documented=words.get("documented", _is_documented(verb)),
        path_parameters=verb.mount.parameters,
        host_parameters=verb.mount.host_parameters,
        parameters=tuple(_parameters(verb)),
        inputs=inputs,
        outputs=outputs if shown is None or shown in outputs else (*outputs, shown),
        shows_form=shown is not None,
        failures=tuple(failures_of_verb(verb, inputs, outputs)),
        injected=verb.injected,
        conditional=verb.resource.conditional,
        idempotency=verb.idempotency,
        examples=words.get("examples", {}),
        extensions=words.get("extensions", {}),
        is_probe=verb.resource._is_probe,
    )


def _parameters(verb: Verb) -> Iterator[Parameter]:
    """Yield the request parameters that no input declares."""
    if verb.value is not None:
        yield from verb.value.parameters(verb.method)
    for each in verb.injected.values():
        # An `Injectable` may have them; the protocol does not demand it.
        yield from getattr(each, "parameters", ())


def _tags(verb: Verb, declared: Sequence[str] | None) -> tuple[str, ...]:
    declared = declared or verb.resource.tags
    return tuple(declared) or (default_tag(verb.mount.path, verb.resource.__name__),)


def _is_documented(verb: Verb) -> bool:
    return verb.resource.documented and verb.method not in ("HEAD", "OPTIONS")
