"""The plan of a form: the control of each field, decided once from its schema."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from marshmallow import Schema, ValidationError, fields

from ..contract import Operation
from ..errors import DeclarationError
from ..parsing.form_members import nested_schema_of
from ..records import Record
from ..schemas.bound import BoundSchema, View
from ..schemas.form_policy import must_be_filled_in, unchecked
from ..schemas.parameter_styles import Writing, style_of, takes_text
from ..schemas.uploads import Upload
from ..schemas.wire_format import wire_name
from .field_attributes import attributes_of, input_type
from .field_choices import Choices, choices_of
from .form_operations import form_inputs

__all__ = ["FieldPlan", "FormPlan", "form_plan", "schema_plan"]

_Field = fields.Field[object]
_CONTROLS = frozenset(
    {
        "checkbox",
        "checkboxes",
        "file",
        "hidden",
        "input",
        "inputs",
        "password",
        "radios",
        "select",
        "textarea",
    }
)
_TEXTS = ("input", "password", "select", "textarea")  # an empty text is sent for no value
_DEEPEST = 6
_INPUT_TYPES = frozenset({"color", "range", "search", "tel", "text"})


class FieldPlan(Record):
    """The facts about a field that are known before a request.

    Attributes:
        name: The name in the form.
        field: The marshmallow field.
        control: The name of the template of the control.
        label: The text of the label.
        help: The text below it.
        attributes: The attributes of the control.
        choices: A function that returns the choices, None if there is none.
        many: Whether the control has several values.
        required: Whether a value is required.
        template: A template of its own.
        delimiter: The separator of the items of a list in one text.
        is_json: Whether the value is JSON text.
        parts: The plans of an object's members.
    """

    name: str
    field: _Field
    control: str
    label: str
    help: str
    attributes: Mapping[str, object]
    choices: Callable[[], Choices] | None = None
    many: bool = False
    required: bool = False
    template: str = ""
    delimiter: str = ""
    is_json: bool = False
    parts: tuple[FieldPlan, ...] = ()


class FormPlan(Record):
    """The plan of a form.

    Attributes:
        operation: The operation that takes it.
        fields: The plans of its fields, by name.
        enctype: The media type that the browser sends, "" for the default.
    """

    operation: Operation
    fields: Mapping[str, FieldPlan]
    enctype: str = ""


def form_plan(operation: Operation) -> FormPlan:
    """Return the plan of the form that an operation takes.

    Raises:
        DeclarationError: The metadata of a field ask for a control that there is not.
    """
    found: dict[str, FieldPlan] = {}
    for each in form_inputs(operation):
        above = (each.bound.declared,)
        is_patch = each.bound.view is View.PATCH
        for name, field in each.bound.load_fields.items():
            found[name] = _plan(name, field, above, is_patch=is_patch)
    has_files = any(each.control == "file" for each in found.values())
    return FormPlan(operation, found, "multipart/form-data" if has_files else "")


def schema_plan(operation: Operation, bound: BoundSchema) -> FormPlan:
    """Return the plan of a form for content that is not sent as a form, such as JSON.

    A field that no form can send has a text area for its JSON text.

    Args:
        operation: The operation.
        bound: The schema of the content.
    """
    is_patch = operation.method == "PATCH"
    above = (bound.declared,)
    found: dict[str, FieldPlan] = {}
    for name, field in bound.load_fields.items():
        try:
            found[name] = _plan(name, field, above, is_patch=is_patch)
        except DeclarationError:
            label, required = _label(field), bool(field.required) and not is_patch
            found[name] = FieldPlan(
                name, field, "textarea", label, "As JSON.", {}, required=required, is_json=True
            )
    return FormPlan(operation, found)


def _plan(
    name: str, field: _Field, above: tuple[type[Schema], ...], *, is_patch: bool
) -> FieldPlan:
    is_file = isinstance(_item(field), Upload)
    style = style_of(name, field, "files" if is_file else "form")
    choices = None if is_file else choices_of(field)
    many = style.writing is Writing.REPEATED
    asked = _asked(field, above[-1])
    control = asked or _control(field, choices, many=many)
    parts = () if asked else _parts(field, above, is_patch=is_patch)
    if parts:
        control = "rows" if many else "fieldset"
    _check_many(field, control, above[-1], many=many)
    kind = {"type": control} if control in _INPUT_TYPES else {}
    control = "input" if kind else control
    return FieldPlan(
        name,
        field,
        control,
        _label(field),
        _help(field, control),
        {**attributes_of(field, control), **kind, **_own_attributes(field)},
        choices,
        many,
        not is_patch and _is_required(field, control, is_one=not many and not parts),
        str(field.metadata.get("template", "")),
        style.delimiter,
        style.is_json,
        parts,
    )


def _check_many(field: _Field, control: str, schema: type[Schema], *, many: bool) -> None:
    """Reject a control of one text for a list."""
    if many and control in (*_INPUT_TYPES, "input", "textarea", "password", "checkbox"):
        raise DeclarationError(
            f"{schema.__name__}.{field.name} is a list, which the control {control!r} cannot send. "
            "Leave it out, or write 'select' or 'checkboxes' and declare the choices."
        )


def _parts(
    field: _Field, above: tuple[type[Schema], ...], *, is_patch: bool
) -> tuple[FieldPlan, ...]:
    """Return the plans of an object's members, () if they cannot be sent one by one."""
    nested = nested_schema_of(field)
    if nested is None or type(nested[0]) in above or len(above) > _DEEPEST:
        return ()
    below = (*above, type(nested[0]))
    members = {wire_name(name, each): each for name, each in nested[0].load_fields.items()}
    if not all(map(_is_member, members.values())):
        return ()
    found = [_plan(name, each, below, is_patch=is_patch) for name, each in members.items()]
    is_json = any(each.is_json and not each.parts for each in found)
    return () if is_json else tuple(found)


def _is_member(field: _Field) -> bool:
    """Return whether a form can send a field as a member of an object: no list in one text."""
    if nested_schema_of(field) is not None:
        return True
    if isinstance(field, (fields.Mapping, fields.Tuple)):
        return False
    if isinstance(field, fields.List):
        is_plain = "style" not in field.metadata and not takes_text(field)
        return is_plain and not isinstance(field.inner, (fields.List, fields.Mapping, fields.Tuple))
    return True


def _own_attributes(field: _Field) -> Mapping[str, object]:
    declared = field.metadata.get("attributes")
    return declared if isinstance(declared, Mapping) else {}


def _item(field: _Field) -> _Field:
    return field.inner if isinstance(field, fields.List) else field


def _asked(field: _Field, schema: type[Schema]) -> str:
    """Return the control that the metadata ask for, or "" for the default one."""
    asked = field.metadata.get("control")
    if asked is None:
        is_secret = field.metadata.get("format") == "password" or _is_secret(str(field.name))
        return "password" if is_secret and isinstance(field, fields.String) else ""
    known = _CONTROLS | _INPUT_TYPES | {"radio"}
    if asked not in known:
        raise DeclarationError(
            f"{schema.__name__}.{field.name}: metadata has control={asked!r}. Write one of "
            f"{', '.join(sorted(known))}, or name a template of your own: template=."
        )
    return "radios" if asked == "radio" else str(asked)


def _is_secret(name: str) -> bool:
    return name == "password" or name.endswith("_password") or name.startswith("password_")


def _control(field: _Field, choices: Callable[[], Choices] | None, *, many: bool) -> str:
    if isinstance(_item(field), Upload):
        return "file"
    if isinstance(field, fields.Constant):
        return "hidden"
    if unchecked(field) is not None:
        return "checkbox"
    if choices is not None:
        return "checkboxes" if many else "select"
    if isinstance(field, (fields.Nested, fields.Mapping)) and not isinstance(field, fields.Pluck):
        return "textarea"
    return "inputs" if many else "input"


def _is_required(field: _Field, control: str, *, is_one: bool) -> bool:
    """Return whether a value must be given, as the parser of the form says.

    Args:
        field: The field.
        control: The name of its control.
        is_one: Whether the control sends one text.
    """
    if control == "hidden":
        return False
    if unchecked(field) is None:
        is_text = is_one and control in _TEXTS
        return must_be_filled_in(field) if is_text else bool(field.required)
    try:
        for validator in field.validators:
            validator(False)
    except ValidationError:
        return True
    return False


def _label(field: _Field) -> str:
    said = field.metadata.get("label") or field.metadata.get("title")
    if said:
        return str(said)
    words = re.sub(r"[_\W]+", " ", str(field.name)).strip()
    return words[:1].upper() + words[1:]


def _help(field: _Field, control: str) -> str:
    said = str(field.metadata.get("description") or "")
    parts = [said, *_hints(field, control)]
    return " ".join(part for part in parts if part)


def _hints(field: _Field, control: str) -> Iterator[str]:
    is_moment = input_type(field) == "datetime-local" and control == "input"
    if is_moment and type(field) is not fields.NaiveDateTime:
        zone = getattr(field, "default_timezone", None)
        yield f"In {zone or 'UTC'}."
