"""The fields of a form as a browser sends them, made the values that a schema loads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from marshmallow import fields

from ..contract import Input
from ..problems import InvalidItem
from ..schemas.bound import Fault, View
from ..schemas.form_policy import FRAMEWORK_FIELDS, is_partial, takes_empty, unchecked
from ..schemas.parameter_styles import Writing
from .text_values import TextValues

__all__ = ["FormValues"]

_Item = Callable[[Fault], InvalidItem]


class FormValues(TextValues):
    """The names and texts of a form: checkboxes, empty values, line breaks, restkit's own fields.

    An absent Boolean that cannot be null is false. An empty text is nothing where it is no value of
    the field: null if the field may be null, an empty list of a list, or else the field is absent.
    """

    __slots__ = ("_empty", "_false", "_last", "_own")

    def __init__(
        self, each: Input, declared_at: str, item: _Item, loads: Callable[[bytes], object]
    ) -> None:
        """Decide what an empty and an absent value of each field mean.

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
        self._last: set[str] = set()
        self._own = FRAMEWORK_FIELDS - self.known
        bound = each.bound
        for name, field in bound.load_fields.items():
            partial = is_partial(str(field.name), bound.schema, patch=bound.view is View.PATCH)
            self._plan(name, field, partial=partial)

    def _plan(self, name: str, field: fields.Field[object], *, partial: bool) -> None:
        text = unchecked(field)
        if text is not None:
            self._last.add(name)
            if not partial:
                self._false[name] = text
        writing = self.styles[name].writing
        if isinstance(field, fields.Tuple):
            return
        if writing is Writing.REPEATED:
            self._empty[name] = ([],)
            return
        is_kept = takes_empty(field) or (partial and _must_not_be_cleared(field))
        if writing is Writing.ONE and not isinstance(field, fields.List) and not is_kept:
            self._empty[name] = (None,) if field.allow_none else ()

    def _gather(
        self, pairs: Iterable[tuple[str, object]], faults: list[Fault]
    ) -> dict[str, object]:
        left: dict[str, tuple[object, ...]] = {}
        values = super()._gather(self._filled(pairs, left), faults)
        for name, meaning in left.items():
            if meaning and name not in values:
                values[name] = meaning[0] if meaning[0] is None else []
        for name, text in self._false.items():
            values.setdefault(name, text)
        return values

    def _filled(
        self, pairs: Iterable[tuple[str, object]], left: dict[str, tuple[object, ...]]
    ) -> Iterator[tuple[str, object]]:
        """Yield what was filled in; note the names of what was left empty."""
        checked: dict[str, object] = {}
        for name, value in pairs:
            if name in self._own:
                continue
            if value == "" and name in self._empty:
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
