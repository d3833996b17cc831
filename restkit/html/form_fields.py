"""`FormField`: a field of a form in a template, with its value and errors."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from markupsafe import Markup
from marshmallow import fields

from .field_choices import Choices, pairs_of
from .field_plans import FieldPlan
from .form_windows import MOST_ERRORS
from .markup import Attributes, named

__all__ = ["Choice", "FormField", "Render"]

Render = Callable[[Sequence[str], Mapping[str, object]], Markup]
"""Renders the first template that there is, of some names."""

_TRUE = frozenset({"true", "on", "1", "yes"})
_TIMES = ("time", "datetime-local")
_REPEATED = ("checkboxes", "inputs", "select")
_GROUPS = ("checkboxes", "radios", "inputs", "fieldset", "rows")


class Choice:
    """One choice of a field.

    Attributes:
        value: The value that is sent.
        label: The text.
        selected: Whether it is chosen.
        id: The id of its control.
    """

    def __init__(self, value: str, label: str, selected: bool, id: str) -> None:
        self.value = value
        self.label = label
        self.selected = selected
        self.id = id


class FormField:
    """A field of a form: ``{{ form.email }}``, or its parts in a markup of your own.

    Attributes:
        name: The name that is sent: ``tags[]`` for each item of a list.
        path: The name of the field, without the brackets of an item.
        label: The text of the label.
        help: The help text, "" if there is none.
        values: The texts of the field.
        errors: The first error messages.
        more_errors: How many more there are.
        required: Whether a value is required.
        template: The name of the control, as its template has it: ``input``, ``select``, ...
        is_patch: Whether the form only sends changes.
        again: Whether a file was chosen that has to be chosen again.
        blank: The number of empty inputs behind the values of a list.
        parts: The fields of an object.
        groups: The fields of the objects of a list, the last of them empty ones to fill in.
        first: The number of the first item that is shown, from 0; others are in hidden inputs.
        hidden_items: The number of items that are kept, but not shown.
        prefix: The beginning of the ids, which tells the forms of a page apart.
    """

    prefix = "field"

    def __init__(self, plan: FieldPlan, path: str, texts: Sequence[str], render: Render) -> None:
        """Make the field; ``render`` renders the templates of an App."""
        self._plan = plan
        self._render = render
        self._own: dict[str, object] = {}
        self._choices: Choices | None = None
        self.path = path
        self.name = f"{path}[]" if plan.many and plan.control in _REPEATED else path
        self.label = plan.label
        self.help = plan.help
        self.template = plan.control
        self.required = plan.required
        # SECURITY: a password is never written into a page, and a file cannot be.
        is_kept = plan.control not in ("password", "file")
        self.values = list(texts) if is_kept else []
        self.errors: list[str] = []
        self.more_errors = 0
        self.first = 0
        self.hidden_items = 0
        self._kept = Markup(), Markup()
        self._wrong: set[int] = set()
        self.is_patch = False
        self.again = False
        self.blank = 1
        self.parts: list[FormField] = []
        self.groups: list[list[FormField]] = []

    def __call__(
        self,
        *,
        label: str | None = None,
        help: str | None = None,
        choices: object = None,
        control: str | None = None,
        **attributes: object,
    ) -> FormField:
        """Return the field with other attributes: ``{{ form.email(class_="wide") }}``.

        Args:
            label: Another label.
            help: Another help text.
            choices: The choices: values, pairs of a value and a label, or a mapping.
            control: Another control: ``radios`` for a select, ``textarea``.
            attributes: Attributes of the control; ``class_`` is class, ``data_id`` is data-id.
        """
        made = FormField(self._plan, self.path, (), self._render)
        made.__dict__.update(self.__dict__)
        made._own = {**self._own, **named(attributes)}
        made.label = self.label if label is None else label
        made.help = self.help if help is None else help
        made.template = self.template if control is None else control
        made._choices = self._choices if choices is None else pairs_of(choices)
        return made

    def __html__(self) -> str:
        return self._render(["forms/field.html"], {"field": self})

    def __str__(self) -> str:
        return self.__html__()

    def __getitem__(self, name: str) -> FormField:
        for each in self.parts:
            if each._plan.name == name:
                return each
        raise KeyError(name)

    def __repr__(self) -> str:
        return f"<FormField {self.path}>"

    @property
    def id(self) -> str:
        """The id of the control, of the first one of several."""
        own = self._own.get("id")
        return re.sub(r"[^\w.-]", "-", f"{self.prefix}-{self.path}") if own is None else str(own)

    @property
    def value(self) -> str:
        """The text of the field, "" if there is none."""
        return self.values[0] if self.values else ""

    @property
    def error(self) -> str:
        """The error messages as one text, "" without errors."""
        more = [f"There are at least {self.more_errors} more errors."] if self.more_errors else []
        return " ".join([*self.errors, *more])

    def add_error(self, detail: str, item: int | None = None) -> None:
        """Add an error to the field, or to one of its items.

        Args:
            detail: The sentence.
            item: The number of the item, from 0.
        """
        if item is not None:
            self._wrong.add(item)
        if len(self.errors) >= MOST_ERRORS:
            self.more_errors += 1
        else:
            self.errors.append(detail if item is None else f"Item {item + 1}: {detail}")

    def number(self, at: int) -> int:
        """Return the number of an item for people, from its place among those shown."""
        return self.first + at + 1

    @property
    def shown_items(self) -> str:
        """The note about the visible part of a long list, "" if all of it is visible."""
        if not self.hidden_items:
            return ""
        count = len(self.groups) - self.blank if self.groups else len(self.values)
        return (
            f"Items {self.first + 1} to {self.first + count} of {count + self.hidden_items} are "
            "shown. The others are kept."
        )

    def show(self, shown: range, before: Iterable[Markup], after: Iterable[Markup]) -> None:
        """Show some items of a list, and keep those before and after them in hidden inputs."""
        self.first = shown.start
        self._kept = Markup().join(before), Markup().join(after)

    @property
    def is_group(self) -> bool:
        """Whether it has several controls, which a fieldset encloses."""
        return self.template in _GROUPS

    @property
    def many(self) -> bool:
        """Whether it has several values."""
        return self._plan.many

    @property
    def on(self) -> str:
        """The value of a checkbox that is checked."""
        field = self._plan.field
        if not isinstance(field, fields.Boolean) or "true" in field.truthy:
            return "true"
        return min((each for each in field.truthy if isinstance(each, str)), default="true")

    @property
    def checked(self) -> bool:
        """Whether a checkbox is checked."""
        return bool(self.values) and (self.values[-1] in _TRUE or self.values[-1] == self.on)

    @property
    def choices(self) -> list[Choice]:
        """The choices, in their order."""
        found = self._choices
        if found is None:
            found = self._plan.choices() if self._plan.choices is not None else ()
        chosen = frozenset(self.values)
        ids = [self.id, *(f"{self.id}-{at}" for at in range(1, len(found)))]
        return [
            Choice(value, label, value in chosen, id)
            for (value, label), id in zip(found, ids, strict=False)
        ]

    @property
    def has_blank(self) -> bool:
        """Whether a select has a choice that is none."""
        return not self.many and all(each.value for each in self.choices)

    @property
    def rows(self) -> list[str]:
        """The texts of a list that are shown, with empty ones to fill in."""
        return [*(each for each in self.values if each), *[""] * self.blank]

    @property
    def help_id(self) -> str:
        """The id of the help text."""
        return f"{self.id}-help"

    @property
    def error_id(self) -> str:
        """The id of the element with the error messages."""
        return f"{self.id}-error"

    @property
    def described_by(self) -> str:
        """The ids of the texts about the control, for ``aria-describedby``."""
        ids = [self.help_id] if self.help else []
        if self.errors or self.again:
            ids.append(self.error_id)
        return " ".join(ids)

    @property
    def attributes(self) -> Attributes:
        """The attributes of the control, but for its value."""
        found = Attributes(id=self.id, name=self.name)
        found.update(self._plan.attributes)
        if found.get("type") in _TIMES and self.value.count(":") == 2:
            found["step"] = "any" if "." in self.value else "1"
        if self.template not in ("checkboxes", "inputs"):
            found["required"] = self.required
        found["aria-describedby"] = self.described_by or None
        found["aria-invalid"] = "true" if self.errors else None
        found.update(self._own)
        return found

    @property
    def control(self) -> Markup:
        """The control alone."""
        kind = type(self._plan.field).__name__
        names = [f"forms/types/{kind}.html", f"forms/controls/{self.template}.html"]
        own = self._plan.template
        shown = self._render([own, *names] if own else names, {"field": self})
        return self._kept[0] + shown + self._kept[1]

    def choice_attributes(self, choice: Choice) -> Attributes:
        """Return the attributes of the control of a choice."""
        found = self.attributes
        found["id"] = choice.id
        return found

    def item_attributes(self, at: int) -> Attributes:
        """Return the attributes of one control of several, from 0."""
        found = self.attributes
        found["id"] = f"{self.id}-{at}" if at else self.id
        found["aria-label"] = f"{self.label} {self.first + at + 1}"
        is_blank = at >= len(self.values)
        if self._wrong and (is_blank or self.first + at not in self._wrong):
            found["aria-invalid"] = None
            found["aria-describedby"] = self.help_id if self.help else None
        return found
