"""Field masks: which views callers have of the Operations of an App."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Protocol, cast, runtime_checkable
from weakref import WeakKeyDictionary

from ..contract import Failure, Operation, Output
from ..errors import DeclarationError
from ..hidden_fields import FieldPlace, HiddenFields, OperationMasks
from ..masks import Mask, MaskRules, combined
from ..problems import Forbidden
from ..request import Request
from ..resource import Owner, Resource
from .builder import Mount, collect
from .contributions import add_failures
from .entries import Entry, mount_of

__all__ = ["add_masks"]

_MOST_VIEWS = 64
_LACKING = Failure(
    Forbidden, "masks", "The caller may not read or write fields that the request needs."
)


@runtime_checkable
class ClassMasking(Protocol):
    """The masks of a class of resources, and the class as each caller has it."""

    @property
    def declared_at(self) -> str:
        """The name of the class, for messages."""
        ...

    @property
    def masks(self) -> Mapping[FieldPlace, Mask]:
        """The masks that the class declares."""
        ...

    @property
    def models(self) -> Mapping[type, Mapping[str, Mask]]:
        """The masks that hold wherever items of a model are shown."""
        ...

    def reached(self, models: Collection[type], /) -> set[type]:
        """Return the models with masks whose items the class may show or compare."""
        ...

    def check_shown(self, apps: Collection[Owner], /) -> None:
        """Reject items that the class's App shows with more members than other Apps do."""
        ...

    def resource(self, hidden: HiddenFields, /) -> type[Resource] | None:
        """Return the class without hidden fields, None if the caller cannot have it."""
        ...


def add_masks(entries: Sequence[Entry], every: Sequence[Entry]) -> list[Entry]:
    """Return entries whose Operations know the views of their callers.

    Args:
        entries: The entries.
        every: The entries of all Apps around, whose masks hold for the models that are shown.

    Raises:
        DeclarationError: The masks contradict other declarations.
    """
    _check_shown(every)
    by_model: dict[type, dict[str, list[Mask]]] = {}
    seen: set[int] = set()
    for entry in every:
        masking = _masking_of(entry)
        models = {} if masking is None else masking.models
        if id(models) in seen:
            continue
        seen.add(id(models))
        for model, masks in models.items():
            for name, mask in masks.items():
                by_model.setdefault(model, {}).setdefault(name, []).append(mask)
    found = {model: _combined(masks) for model, masks in by_model.items()}
    return [_masked(entry, found) for entry in entries]


def _check_shown(every: Sequence[Entry]) -> None:
    """Reject Apps that show more members of an item than other Apps do."""
    apps = list({id(each.owner): each.owner for each in every}.values())
    for entry in every if len(apps) > 1 else ():
        masking = _masking_of(entry)
        if masking is not None:
            masking.check_shown(apps)


def _combined(masks: Mapping[str, Sequence[Mask]]) -> dict[str, Mask]:
    return {name: combined(each) for name, each in masks.items()}


def _masking_of(entry: Entry) -> ClassMasking | None:
    found = getattr(entry.resource, "masking", None)
    return found if isinstance(found, ClassMasking) else None


def _masked(entry: Entry, by_model: Mapping[type, Mapping[str, Mask]]) -> Entry:
    masking = _masking_of(entry)
    if masking is None:
        _check_class(entry.resource)
        return entry
    masks = dict(masking.masks)
    for model in masking.reached(by_model) if by_model else ():
        masks |= {(model, name): mask for name, mask in by_model[model].items()}
    if not masks:
        return entry
    known = _known.get(masking)
    mount = mount_of(entry.pattern, entry.owner.settings)
    if known is None or (known.masks, known.mount) != (masks, mount):
        known = _known[masking] = _Views(masking, masks, mount)
    views = known
    return entry._replace(operations=tuple(views.attached(each) for each in entry.operations))


def _check_class(resource: type[Resource]) -> None:
    """Reject masks of a class that is not a collection, which would hide nothing."""
    if resource.masks:
        raise DeclarationError(
            f"{resource.__module__}.{resource.__qualname__}.masks hides nothing, since the class "
            "is not a CRUDResource. Declare a schema for each role, or serve the items by a "
            "CRUDResource."
        )


class _Views:
    """The views of the Operations of one entry; see `OperationMasks`."""

    def __init__(
        self, masking: ClassMasking, masks: Mapping[FieldPlace, Mask], mount: Mount
    ) -> None:
        self.masks = masks
        self.mount = mount
        self._masking = masking
        self._rules = rules = MaskRules(masks, masking.declared_at)
        self._made: dict[HiddenFields, Mapping[str, Operation]] = {}
        self.document = {
            f"{owner.__name__}.{name}": mask.document()
            for (owner, name), mask in rules.masks.items()
        }

    def attached(self, operation: Operation) -> Operation:
        """Return an Operation that knows its views.

        Raises:
            DeclarationError: Nobody can have the Operation.
        """
        if self.view(operation, self._rules.least()) is None:
            least = self._rules.least()
            names = ", ".join(sorted({name for _, name in (*least.read, *least.write)}))
            raise DeclarationError(
                f"{self._masking.declared_at}.masks: {operation.method} {operation.rule} would "
                f"serve nobody, since it needs fields that nobody may read or write: {names}. If "
                "a new item needs them, let a row rule, scope() or create() decide the value, "
                "give the attribute a default, or leave POST out of methods."
            )
        if self.view(operation, self._rules.most()) is None:
            operation = add_failures(operation, (_LACKING,), "masks")
        extensions = {**operation.extensions, "x-field-masks": self.document}
        masks = cast("OperationMasks", self)
        return operation._replace(masks=masks, extensions=extensions)

    def hidden(self, request: Request, /) -> HiddenFields:
        """Return the fields that the caller of a request may not read or write."""
        return self._rules.hidden(request)

    def view(self, operation: Operation, hidden: HiddenFields, /) -> Operation | None:
        """Return the Operation without hidden fields, None if the caller cannot have it."""
        if hidden.is_empty:
            return operation
        found = self._made.get(hidden)
        if found is None:
            resource = self._masking.resource(hidden)
            made = () if resource is None else collect(resource, self.mount)
            found = {each.method: each for each in made}
            if len(self._made) >= _MOST_VIEWS:
                self._made.clear()
            self._made[hidden] = found
        own = found.get(operation.method)
        return None if own is None else _merged(operation, own, hidden)


def _merged(operation: Operation, own: Operation, hidden: HiddenFields) -> Operation:
    """Return an Operation with the schemas and functions of another one."""
    names = {name for _, name in (*hidden.read, *hidden.write)}
    examples = {
        name: each
        for name, each in operation.examples.items()
        if not (isinstance(each, Mapping) and names & each.keys())
    }
    return operation._replace(
        resource=own.resource,
        function=own.function,
        inputs=own.inputs,
        outputs=tuple(_outputs(operation.outputs, own.outputs)),
        examples=examples,
        masks=None,
        extensions={k: v for k, v in operation.extensions.items() if k != "x-field-masks"},
    )


def _outputs(outputs: Sequence[Output], own: Sequence[Output]) -> Iterable[Output]:
    """Yield outputs with the schemas of those others that have the same status and types."""
    rest = list(own)
    for output in outputs:
        same = [each for each in rest if _is_same(each, output)]
        if same:
            rest.remove(same[0])
            output = output._replace(schema=same[0].schema, events=same[0].events)
        yield output


def _is_same(own: Output, output: Output) -> bool:
    types = own.media_types
    shared = not types or not set(types).isdisjoint(output.media_types)
    return own.status == output.status and shared and bool(types) == bool(output.media_types)


_known: WeakKeyDictionary[ClassMasking, _Views] = WeakKeyDictionary()
"""The views of each class, so that documents and requests share them."""
