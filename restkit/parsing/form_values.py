"""The fields of a form as a browser sends them, made the values that a schema loads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from marshmallow import fields

from ..contract import Input
from ..problems import InvalidItem
from ..schemas.bound import Fault, View
from ..schemas.form_policy import (
    FRAMEWORK_FIELDS,
    is_partial,
    must_be_filled_in,
    takes_empty,
    unchecked,
)
from ..schemas.parameter_styles import Writing
from .form_members import add_objects, left_empty, member_path, nested_schema_of, tree_of
from .text_values import TextValues, unreadable

__all__ = ["FormValues"]

_Item = Callable[[Fault], InvalidItem]


class FormValues(TextValues):
    """The names and texts of a form: checkboxes, empty values, line breaks, restkit's own fields.

    An absent Boolean that cannot be null is false. An empty text is nothing where it is no value of
    the field: null if the field may be null, an empty list of a list, or else the field is absent.
    If an absent field means that nothing changes, that of a required field is an error.
    """

    __slots__ = ("_empty", "_false", "_last", "_needed", "_nested", "_own", "_partial")

    def __init__(
        self, each: Input, declared_at: str, item: _Item, loads: Callable[[bytes], object]
    ) -> None:
        """Decide the meaning of an empty and an absent value of each field.

        Args:
            each: The input.
            declared_at: Where it is declared, for messages.
            item: Words a fault as an item of a problem's ``errors``.
            loads: Reads a JSON text.

        Raises:
            DeclarationError: No text can satisfy a field.
        """
        super().__init__(each, "form", declared_at, item, loads)
        self._empty: dict[str, tuple[object, ...]] = {}
        self._false: dict[str, str] = {}
        self._needed: dict[str, fields.Field[object]] = {}
        self._last: set[str] = set()
        self._nested: dict[str, fields.Field[object]] = {}
        self._own = FRAMEWORK_FIELDS - self.known
        bound = each.bound
        self._partial = is_partial("", bound.schema, patch=bound.view is View.PATCH)
        for name, field in bound.load_fields.items():
            partial = is_partial(str(field.name), bound.schema, patch=bound.view is View.PATCH)
            self._plan(name, field, partial=partial)

    def _plan(self, name: str, field: fields.Field[object], *, partial: bool) -> None:
        self._plan_absent(name, field, partial=partial)
        writing = self.styles[name].writing
        if isinstance(field, fields.Tuple):
            return
        if writing is Writing.REPEATED:
            self._empty[name] = ([],)
        elif writing is Writing.ONE and not isinstance(field, fields.List):
            self._plan_empty(name, field, partial=partial)

    def _plan_empty(self, name: str, field: fields.Field[object], *, partial: bool) -> None:
        """Decide the meaning of an empty text for a field of one value."""
        if must_be_filled_in(field):
            self._empty[name] = ()
            if partial:
                self._needed[name] = field
        elif not takes_empty(field) and not (partial and _must_not_be_cleared(field)):
            self._empty[name] = (None,) if field.allow_none else ()

    def _plan_absent(self, name: str, field: fields.Field[object], *, partial: bool) -> None:
        text = unchecked(field)
        if text is not None:
            self._last.add(name)
            if not partial:
                self._false[name] = text
        if nested_schema_of(field) is not None:
            self._nested[name] = field

    def is_known(self, name: str) -> bool:
        """Return whether a name is that of a field, of a member of its object, or of an item."""
        return self._plain(name) in self.known or self._nested_in(name) is not None

    def _plain(self, name: str) -> str:
        """Return the name of the list whose items a form sends as ``tags[]``."""
        is_item = name.endswith("[]") and name not in self.known and name[:-2] in self._empty
        is_list = is_item and self._empty[name[:-2]] == ([],)
        return name[:-2] if is_list and name[:-2] not in self._nested else name

    def _nested_in(self, name: str) -> str | None:
        """Return the nested field that has a member, None for another name."""
        path = member_path(name) if self._nested and name not in self.known else None
        return path[0] if path is not None and path[0] in self._nested else None

    def _gather(
        self, pairs: Iterable[tuple[str, object]], faults: list[Fault]
    ) -> dict[str, object]:
        left: dict[str, tuple[object, ...]] = {}
        members: list[tuple[str, object]] = []
        values = super()._gather(self._filled(pairs, left, members), faults)
        self._add_objects(values, members, faults)
        for name, meaning in left.items():
            if name in values:
                continue
            if meaning:
                values[name] = meaning[0] if meaning[0] is None else []
            elif name in self._needed:
                faults.append(left_empty((name,), self._needed[name]))
        for name, text in self._false.items():
            values.setdefault(name, text)
        return values

    def _add_objects(
        self,
        values: dict[str, object],
        members: Sequence[tuple[str, object]],
        faults: list[Fault],
    ) -> None:
        """Add the objects whose members were sent one by one."""
        for name, value in members:
            if type(value) is str and ("\0" in value or "\ufffd" in value):
                faults.append(unreadable(str(self._nested_in(name)), value))
        for name, tree in tree_of(members, faults).items():
            if name in values:
                faults.append(((name,), "Given more than once.", "repeated"))
            elif isinstance(tree, dict):
                field = self._nested[name]
                add_objects(values, (name,), field, tree, faults, partial=self._partial)

    def _filled(
        self,
        pairs: Iterable[tuple[str, object]],
        left: dict[str, tuple[object, ...]],
        members: list[tuple[str, object]],
    ) -> Iterator[tuple[str, object]]:
        """Yield the values that were filled in; note the empty ones, and the members of objects."""
        checked: dict[str, object] = {}
        for sent, value in pairs:
            name = self._plain(sent) if sent.endswith("[]") else sent
            if name in self._own:
                continue
            if self._nested_in(name) is not None:
                members.append((name, value))
            elif value == "" and name in self._empty:
                left[name] = self._empty[name]
            elif name in self._last:
                # A hidden input before a checkbox says what it means if it is not checked.
                checked[name] = value
            elif type(value) is str and "\r" in value:
                # NOTE: a browser sends each line break of a textarea as CR LF.
                yield name, value.replace("\r\n", "\n")
            else:
                yield name, value
        yield from checked.items()


def _must_not_be_cleared(field: fields.Field[object]) -> bool:
    """Return whether an empty value in a PATCH is an error, and not a field without a change."""
    is_needed = field.required or isinstance(field, fields.String)
    return is_needed and not field.allow_none
