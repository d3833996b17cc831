"""The texts of a form to the JSON that the API takes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from marshmallow import fields

from ...json_parsing import loads_json
from ...parsing.form_members import Tree, is_blank, rows_of, texts_of
from ...problems import BadRequest
from ...schemas.form_policy import takes_empty
from ...schemas.wire_formats import wire_of
from ..field_plans import FieldPlan, FormPlan
from ..field_texts import initial_texts, serialized_texts

__all__ = ["changed_texts", "sent_members"]

_Node = Tree | list[str]
_TRUE = frozenset({"true", "on", "1", "yes"})


class _Absent:
    """The value of a field that is not sent."""


_ABSENT = _Absent()


def sent_members(plan: FormPlan, texts: Tree, shown: Mapping[str, object] | None) -> object:
    """Return the object that a form means.

    A member that nobody has changed keeps the value that the page had, whatever a form can write of
    it. A PATCH has only the members that were changed.

    Args:
        plan: The plan of the form.
        texts: The texts of the form.
        shown: The object that the form was filled with, None for an empty form.
    """
    before = initial_texts(plan, None) if shown is None else serialized_texts(plan, shown)
    found: dict[str, object] = {}
    for name, each in plan.fields.items():
        node = texts.get(name, [])
        if _state(each, node) != _state(each, before[name]):
            found[name] = _changed(plan, each, node)
        elif plan.operation.method != "PATCH":
            found[name] = _unchanged(each, node, shown or {})
    return {name: each for name, each in found.items() if not isinstance(each, _Absent)}


def _changed(form: FormPlan, plan: FieldPlan, node: _Node) -> object:
    value = _value(plan, node)
    # A field that must have a value rejects an empty text.
    is_cleared = form.operation.method == "PATCH" and isinstance(value, _Absent)
    return "" if is_cleared else value


def _unchanged(plan: FieldPlan, node: _Node, shown: Mapping[str, object]) -> object:
    """Return the value of a field that nobody has changed.

    A field that the page could not show, such as a secret, is left out if it may be.
    """
    if plan.name in shown:
        return shown[plan.name]
    return _value(plan, node) if plan.field.required else _ABSENT


def changed_texts(plan: FormPlan, texts: Tree, shown: Mapping[str, object], now: Tree) -> Tree:
    """Return the texts of a form whose unchanged fields have the stored values.

    Args:
        plan: The plan of the form.
        texts: The texts that were sent.
        shown: The object that the form was filled with.
        now: The texts of the stored object.
    """
    before = serialized_texts(plan, shown)
    found: Tree = {}
    for name, each in plan.fields.items():
        node = texts.get(name, [])
        is_same = _state(each, node) == _state(each, before[name])
        found[name] = now[name] if is_same else node
    return found


def _state(plan: FieldPlan, node: _Node) -> object:
    """Return the texts of a field as one comparable value, for forms sent and forms shown."""
    if plan.control == "rows":
        return [_members_state(plan, row) for row in rows_of(_tree(node))]
    if plan.parts:
        return _members_state(plan, _tree(node))
    texts = [each.replace("\r\n", "\n") for each in texts_of(node)]
    if plan.control == "checkbox":
        return _is_checked(texts)
    is_chosen = plan.many and plan.control in ("checkboxes", "select")
    filled = [each for each in texts if each]
    return sorted(filled) if is_chosen else filled


def _tree(node: _Node) -> Tree:
    return node if isinstance(node, dict) else {}


def _is_checked(texts: Sequence[str]) -> bool:
    return bool(texts) and texts[-1] in _TRUE


def _members_state(plan: FieldPlan, tree: Tree) -> dict[str, object]:
    return {each.name: _state(each, tree.get(each.name, [])) for each in plan.parts}


def _value(plan: FieldPlan, node: _Node) -> object:
    """Return the JSON value of a field, `_ABSENT` if nothing is sent for it."""
    if plan.parts:
        return _object_value(plan, _tree(node))
    texts = texts_of(node)
    if plan.control == "checkbox":
        return _is_checked(texts)
    if plan.many:
        return [_scalar(plan, _item(plan), each) for each in texts if each]
    return _one(plan, "".join(texts[-1:]))


def _object_value(plan: FieldPlan, tree: Tree) -> object:
    """Return the value of an object, or of a list of them."""
    if plan.control == "rows":
        return [_members(plan, row) for row in rows_of(tree)]
    is_left_out = not plan.required and is_blank(tree)
    return _nothing(plan) if is_left_out else _members(plan, tree)


def _members(plan: FieldPlan, tree: Tree) -> dict[str, object]:
    found = {each.name: _value(each, tree.get(each.name, [])) for each in plan.parts}
    return {name: each for name, each in found.items() if not isinstance(each, _Absent)}


def _one(plan: FieldPlan, text: str) -> object:
    """Return the value of one text."""
    if not text and (plan.is_json or not takes_empty(plan.field)):
        return _nothing(plan)
    if plan.delimiter and isinstance(plan.field, fields.List):
        parts = text.split(plan.delimiter) if text else []
        return [_scalar(plan, plan.field.inner, each) for each in parts]
    return _scalar(plan, plan.field, text.replace("\r\n", "\n"))


def _nothing(plan: FieldPlan) -> object:
    return None if plan.field.allow_none else _ABSENT


def _item(plan: FieldPlan) -> fields.Field[object]:
    return plan.field.inner if isinstance(plan.field, fields.List) else plan.field


def _scalar(plan: FieldPlan, field: fields.Field[object], text: str) -> object:
    """Return the JSON value of a text; the text itself, if it is none, which the API rejects."""
    if plan.is_json:
        try:
            return loads_json(text.encode("utf-8", "replace"))
        except BadRequest:
            return text
    if isinstance(field, fields.Pluck):
        field = field.schema.fields[field.field_name]
    wire = wire_of(field)
    if wire is None:
        return text
    try:
        value = (wire.form or wire.text)(text)
        json.dumps(value)
    except (ValueError, TypeError):
        return text
    return value
