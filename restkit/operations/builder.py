"""From a resource class to its Operations: everything known about each verb, once, when it is mounted.

Each stage of the pipeline adds what it can answer, so what is enforced is what is documented.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, cast, get_args

from ..contract import (
    Failure,
    Header,
    IdempotencyRule,
    Input,
    Location,
    Operation,
    Output,
    PathParameter,
    offered_types,
)
from ..declarations import Declarations, Return, class_failures, declarations_of
from ..dependencies import check_defaults, factories_of
from ..errors import DeclarationError
from ..http.methods import SAFE_METHODS
from ..problems import (
    BadRequest,
    Conflict,
    ContentTooLarge,
    InsufficientStorage,
    NotAcceptable,
    NotFound,
    PreconditionFailed,
    PreconditionRequired,
    UnprocessableContent,
    UnsupportedMediaType,
)
from ..resource import FunctionResource, Resource, Schemas, verbs_of
from .body_inputs import Body, bodies_of, check_raw_annotation
from .helpers import helper_failures
from .signatures import Kind, Signature, item_of, read_signature, return_kind
from .words import default_tag, split_docstring

if TYPE_CHECKING:
    from ..schemas.bound import BoundSchema, SchemaLike
    from .schema_bindings import Bindings

__all__ = ["Mount", "collect"]

_JSON = ("application/json",)
_MERGE_PATCH = ("application/merge-patch+json", "application/json")
_FORM = ("application/x-www-form-urlencoded", "multipart/form-data")
_MULTIPART = ("multipart/form-data",)
_TEXT_LOCATIONS: tuple[Location, ...] = ("query", "headers", "cookies")
_ETAG = Header("ETag", "The entity tag of the representation.")
_LAST_MODIFIED = Header("Last-Modified", "When the representation was last changed.")
# What each stage of the pipeline may answer. One record for all operations, so that the document makes it once.
_NO_SUCH_URL = Failure(NotFound, "routing", "There is nothing at this URL.")
_NO_REPRESENTATION = Failure(NotAcceptable, "negotiation", "No representation matches Accept.")
_NOT_READ = (
    Failure(BadRequest, "body", "The content is malformed."),
    Failure(ContentTooLarge, "body", "The content is larger than the limit."),
)
_WRONG_TYPE, _WRONG_PATCH = (
    Failure(
        UnsupportedMediaType,
        "body",
        "The content's media type is not taken.",
        (Header(name, "The media types that are taken."),),
    )
    for name in ("Accept", "Accept-Patch")
)
_INVALID = Failure(UnprocessableContent, "validation", "The input is invalid.")
_FALSE = Failure(
    PreconditionFailed,
    "preconditions",
    (
        "A precondition of the request is false: If-Match or If-None-Match (RFC 9110, section 13.1) with entity tags "
        "that answers gave as ETag."
    ),
)
_OF_CHANGES = (Conflict, InsufficientStorage)
_UNGUARDED = Failure(
    PreconditionRequired, "preconditions", "The request must have If-Match, or If-None-Match: *."
)


class Mount(NamedTuple):
    """The place of a resource: its URL pattern, and whether unknown input is an error."""

    path: str
    rule: str
    parameters: tuple[PathParameter, ...]
    host: str = ""
    host_variables: tuple[str, ...] = ()
    strict: bool = True
    compiled: bool = True


def collect(resource: type[Resource], mount: Mount) -> tuple[Operation, ...]:
    """Make the Operations of a resource at one URL pattern.

    Raises:
        DeclarationError: The class, its signatures, schemas and the pattern do not fit together.
    """
    shared = _Shared(resource, mount)
    return tuple(
        _Builder(resource, method, function, shared).operation()
        for method, function in verbs_of(resource).items()
    )


class _Shared:
    """The parts that the verbs of a resource share: place, factories and schemas."""

    def __init__(self, resource: type[Resource], mount: Mount) -> None:
        self.mount = mount
        self.provided = [
            each._replace(stage="provide")
            for factory in factories_of(resource)
            for each in declarations_of(factory).raises
        ]

    @cached_property
    def bindings(self) -> Bindings:
        from .schema_bindings import (
            Bindings,
        )  # cold start: it loads marshmallow, which a service without schemas never does

        return Bindings(strict=self.mount.strict, compiled=self.mount.compiled)


class _Builder:
    """The builder of one verb's Operation, step by step."""

    def __init__(
        self, resource: type[Resource], method: str, function: Callable[..., Any], shared: _Shared
    ) -> None:
        self.shared = shared
        self.resource = resource
        self.method = method
        self.function = function
        self.mount = shared.mount
        self.declared_at = f"{resource.__module__}.{resource.__qualname__}"
        if not issubclass(resource, FunctionResource):
            # Of a CRUDResource it is the action, which is what its user writes: the verb is written nowhere.
            written = f"{function.__module__}.{function.__qualname__}"
            self.declared_at = (
                written
                if written.startswith(f"{self.declared_at}.")
                else f"{self.declared_at}.{method.lower()}"
            )
        self.said: Declarations = declarations_of(function)
        self.signature: Signature = read_signature(
            function, self.declared_at, method=not issubclass(resource, FunctionResource)
        )
        self.kind: Kind = return_kind(self.signature.returns)

    def operation(self) -> Operation:
        words = self.said.words
        inputs = tuple(self._inputs())
        if inputs:
            self.shared.bindings.check_uploads(inputs, self.declared_at)
        self._check_signature({each.location for each in inputs})
        outputs = tuple(self._outputs())
        summary, description = split_docstring(self.function.__doc__ or "")
        return Operation(
            method=self.method,
            path=self.mount.path,
            rule=self.mount.rule,
            host=self.mount.host,
            resource=self.resource,
            function=self.function,
            declared_at=self.declared_at,
            operation_id=words.get("operation_id", words.get("derived_id", "")),
            has_given_id="operation_id" in words,
            summary=words.get("summary", summary),
            description=words.get("description", description),
            tags=tuple(
                words.get("tags")
                or self.resource.tags
                or (default_tag(self.mount.path, self.resource.__name__),)
            ),
            deprecated=words.get("deprecated", hasattr(self.function, "__deprecated__")),
            documented=words.get(
                "documented", self.resource.documented and self.method not in ("HEAD", "OPTIONS")
            ),
            path_parameters=self.mount.parameters,
            inputs=inputs,
            outputs=outputs,
            failures=tuple(self._failures(inputs, outputs)),
            conditional=self.resource.conditional,
            idempotency=self._idempotency(),
            examples=words.get("examples", {}),
            extensions=words.get("extensions", {}),
        )

    def _idempotency(self) -> IdempotencyRule | None:
        """Return what lets the verb be repeated, None where nothing is declared for it."""
        rule = self.resource.idempotency
        return rule if rule is not None and self.method in rule.methods else None

    # inputs

    def _inputs(self) -> Iterator[Input]:
        for location in _TEXT_LOCATIONS:
            if location in self.said.inputs:
                bound = self._bind(location)
                yield Input(
                    location, bound, shape=self._shape(location, bound), required=_requires(bound)
                )
        has_form = "form" in self.said.inputs or "files" in self.said.inputs
        if has_form:
            yield from self._form_inputs()
        schema = self.said.inputs.get("body")
        if schema is None and not has_form and self.method in ("POST", "PUT", "PATCH", "QUERY"):
            schema = self._class_body() if self.signature.takes("body") else None
        if schema is None:
            return
        if has_form:
            raise DeclarationError(
                f"{self.declared_at} takes both a body and a form; a request has one content."
            )
        if (
            "application/json-patch+json" in (self.said.media_types or ())
            and self.said.convert is None
        ):
            raise DeclarationError(
                f"{self.declared_at} takes application/json-patch+json, which changes a representation that a plain resource "
                "does not hand over; take application/merge-patch+json."
            )
        default = _MERGE_PATCH if self.method == "PATCH" else _JSON
        for body in bodies_of(schema, self.said.media_types, default, self.declared_at):
            yield self._body(body)

    def _body(self, body: Body) -> Input:
        """Make the input of one body."""
        annotation = self.signature.annotations.get("body")
        size = self.said.max_size
        if body.raw is not None:
            check_raw_annotation(annotation, body.raw, self.declared_at)
            return Input("body", None, body.media_types, raw=body.raw, max_size=size)
        if body.schema is None:
            raise DeclarationError(f"{self.declared_at}: the body has no schema.")
        if body.is_form:
            bound = self.shared.bindings.text(body.schema, "form", self.declared_at)
        else:
            many = item_of(annotation) is not None
            patch = self.method == "PATCH"
            bound = self.shared.bindings.body(body.schema, self.declared_at, many=many, patch=patch)
        shape = self._shape("body", bound)
        return Input(
            "body", bound, body.media_types, shape, convert=self.said.convert, max_size=size
        )

    def _form_inputs(self) -> Iterator[Input]:
        media_types = self.said.media_types or (
            _MULTIPART if "files" in self.said.inputs else _FORM
        )
        for location in ("form", "files"):
            if location in self.said.inputs:
                bound = self._bind(location)
                yield Input(
                    location,
                    bound,
                    media_types,
                    self._shape(location, bound),
                    required=_requires(bound),
                )

    def _bind(self, location: Location) -> BoundSchema:
        schema = self.said.inputs[location]
        if schema is None:
            raise DeclarationError(f"{self.declared_at}: {location} has no schema.")
        return self.shared.bindings.text(cast("SchemaLike", schema), location, self.declared_at)

    def _shape(self, location: Location, bound: BoundSchema) -> Callable[[Any], Any] | None:
        annotation = self.signature.annotations.get(location)
        return self.shared.bindings.shape(annotation, bound, location, self.declared_at)

    def _check_signature(self, inputs: set[Location]) -> None:
        check_defaults(self.function, self.declared_at)
        given = {parameter.name for parameter in self.mount.parameters} | set(
            self.mount.host_variables
        )
        clash = given & inputs
        if clash:
            raise DeclarationError(
                f"{self.declared_at}: {min(clash)!r} is both an input and a variable of {self.mount.rule!r}; "
                "rename the variable."
            )
        self._check_self(given)
        for name in sorted(given | inputs):
            if not self.signature.takes(name):
                what = (
                    f"the variable {name!r} of {self.mount.rule!r}"
                    if name in given
                    else f"the declared {name}"
                )
                raise DeclarationError(
                    f"{self.declared_at} has no parameter {name!r} for {what}; add it to the signature."
                )
        # NOTE: a default without an annotation is how a function carries a value along; with one it reads as an input.
        typed = {
            name
            for name, annotation in self.signature.annotations.items()
            if annotation is not None
        }
        unknown = (self.signature.required | typed) - given - inputs
        if unknown:
            name = min(unknown)
            hint = (
                "declare `schema` on the class or @takes(body=...)"
                if name == "body"
                else f"@takes({name}=...)"
            )
            if name not in ("body", "query", "headers", "cookies", "form", "files"):
                hint = "it is neither a variable of the URL pattern nor one of body, query, headers, cookies, form, files"
            raise DeclarationError(
                f"{self.declared_at}: nothing gives the parameter {name!r} a value: {hint}."
            )

    def _check_self(self, variables: set[str]) -> None:
        """Reject a method whose first parameter is an input: it would be the resource."""
        code = getattr(inspect.unwrap(self.function), "__code__", None)
        if code is None or not code.co_argcount or issubclass(self.resource, FunctionResource):
            return
        first = code.co_varnames[0]
        if first in variables or first in get_args(Location):
            raise DeclarationError(
                f"{self.declared_at} takes no self; its first parameter is {first!r}. Write "
                f"def {self.method.lower()}(self, {first}, ...)."
            )

    def _class_body(self) -> SchemaLike | None:
        """Return the schema of the body that the class declares."""
        schema = self.resource.schema
        return schema.body(self.method) if isinstance(schema, Schemas) else schema

    # outputs

    def _outputs(self) -> Iterator[Output]:
        headers: tuple[Header, ...] = self.said.words.get("response_headers", ())
        if self.resource.conditional and self.method != "DELETE":
            headers = (*headers, _ETAG, _LAST_MODIFIED)
        if rule := self._idempotency():
            headers = (*headers, rule.replayed)
        successes = [said for said in self.said.returns if said.status < 400]
        if not successes:
            yield self._default_output(headers)
        if self.said.returns:
            first = successes[0] if successes else None
            for said in sorted(self.said.returns, key=lambda said: said.status >= 400):
                many = said.many
                if many is None:
                    is_first_status = first is not None and said.status == first.status
                    many = self.kind == "many" and is_first_status
                bound = None
                if said.schema is not None:
                    bound = self._returned(said.schema, many=many, is_first=said is first)
                media_types = () if self._is_without_content(said) else said.media_types
                media_types = _JSON if media_types is None else media_types
                own = said.headers if said.status >= 400 else (*said.headers, *headers)
                yield Output(said.status, bound, media_types, own, said.description)
        if self.resource.conditional and self.method in ("GET", "HEAD", "QUERY"):
            yield Output(304, None, (), headers, "The client's representation is still good.")

    def _is_without_content(self, said: Return) -> bool:
        """Return whether a declared response has no content."""
        if said.status in (204, 205, 304):
            return True
        if said.schema is not None:
            return False
        if said.status in range(300, 400):
            return True
        if said.is_open or said.media_types is not None or said.status >= 400:
            return False
        if self.kind == "absent":
            return said.status in (201, 202) and self.resource.schema is None
        return self.kind == "none"

    def _returned(self, schema: SchemaLike, *, many: bool, is_first: bool = True) -> BoundSchema:
        """Bind the schema of a response, and hold the annotated class against it."""
        annotation = self.signature.returns if is_first else None
        return self.shared.bindings.response(
            schema, self.declared_at, many=many, annotation=annotation
        )

    def _default_output(self, headers: tuple[Header, ...]) -> Output:
        if self.kind == "none" or (self.kind == "absent" and self.method in ("DELETE", "OPTIONS")):
            return Output(204, None, (), headers)
        if self.kind == "response":
            return Output(200, None, ("*/*",), headers)
        schema = self.resource.schema
        if isinstance(schema, Schemas):
            schema = schema.response(many=self.kind == "many")
        if schema is None:
            return Output(200, None, _JSON, headers)
        bound = self._returned(schema, many=self.kind == "many")
        return Output(201 if self.method == "POST" else 200, bound, _JSON, headers)

    # failures

    def _failures(
        self, inputs: tuple[Input, ...], outputs: tuple[Output, ...]
    ) -> Iterator[Failure]:
        if self.mount.parameters:
            yield _NO_SUCH_URL
        if offered_types(outputs):
            yield _NO_REPRESENTATION
        if any(each.media_types for each in inputs):
            yield from _NOT_READ
            yield _WRONG_PATCH if self.method == "PATCH" else _WRONG_TYPE
        if inputs or self.mount.strict:
            yield _INVALID
        if self.resource.conditional and self.method != "OPTIONS":
            yield _FALSE
            if self.resource.conditional == "required" and self.method in (
                "PUT",
                "PATCH",
                "DELETE",
            ):
                yield _UNGUARDED
        if rule := self._idempotency():
            yield from rule.failures
        yield from self.said.raises
        yield from helper_failures(self.function, self.resource)
        yield from class_failures(self.resource)
        yield from self._factories_failures()

    def _factories_failures(self) -> Iterator[Failure]:
        """Yield what the factories of `provide` raise; a safe method changes nothing that could fail to be kept."""
        is_safe = self.method in SAFE_METHODS
        said = {each.problem for each in self.said.raises}
        for failure in self.shared.provided:
            if failure.problem not in said and not (
                is_safe and issubclass(failure.problem, _OF_CHANGES)
            ):
                yield failure


def _requires(bound: BoundSchema) -> bool:
    return any(field.required for field in bound.schema.load_fields.values())
