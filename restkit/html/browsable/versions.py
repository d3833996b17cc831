"""Two versions of an item: that of a form, and that which is stored now."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import cast

from ...records import Record
from ..environment import TemplateOwner
from ..field_texts import serialized_texts
from .exchange import Received
from .json_values import changed_texts, sent_members
from .sent_forms import SentForm
from .verb_forms import VerbForm, hidden_of, with_form

__all__ = ["Difference", "Versions", "versions_of"]

_LONGEST = 1_000


class Difference(Record):
    """A member whose two values differ.

    Attributes:
        name: The label of the member.
        own: The value of the form.
        stored: The value that is stored now.
    """

    name: str
    own: str
    stored: str


class Versions(Record):
    """The two versions, and the form by which the caller may go on.

    Attributes:
        differences: The members that differ.
        form: The form: the caller's changes, and the stored values of the other members.
    """

    differences: list[Difference]
    form: VerbForm


def versions_of(sent: SentForm, action: str, now: Received) -> Versions | None:
    """Return the two versions of an item that has changed since the form was shown.

    Args:
        sent: The form.
        action: The URL.
        now: The response with the stored item.

    Returns:
        None if there is nothing to compare: the item is gone, or it is no object.
    """
    stored, plan = now.data(), sent.plan
    if plan is None or now.status != 200 or not isinstance(stored, Mapping):
        return None
    shown = sent.shown or {}
    texts = changed_texts(plan, sent.texts, shown, serialized_texts(plan, stored))
    members = cast("Mapping[str, object]", sent_members(plan, sent.texts, sent.shown))
    own = {**shown, **members}
    differences = [
        Difference(each.label, _text(own.get(name)), _text(stored.get(name)))
        for name, each in plan.fields.items()
        if name in stored and own.get(name) != stored.get(name)
    ]
    hidden = tuple(hidden_of(sent.operation, now.header("ETag")))
    found = VerbForm(sent.operation, hidden=hidden, action=action, is_open=True)
    app = cast("TemplateOwner", sent.request.app)
    return Versions(differences, with_form(found, app, sent.request, plan, texts, stored))


def _text(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
