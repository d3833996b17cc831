"""Who may send a request that calls several actions: everything that each of them demands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from restkit import DeclarationError, Resource, access, anonymous
from restkit.crud.action_access import (
    action_words,
    bulk_access,
    class_guards,
    has_guards,
    joined_access,
)
from restkit.limits import Rate
from restkit.permissions import role, scope
from restkit.requirements import Requirement
from restkit.security import APIKey, HTTPBasic


def check(*given: str) -> str:
    return given[0]


KEY, BASIC = APIKey(check, header="X-Key", name="key"), HTTPBasic(check, name="basic")
FEW, MANY = Rate(5, per="minute"), Rate(50, per="hour")
STAFF, READ = role("staff"), scope("read")


def declared(members: dict[str, Any] | None = None, **actions: dict[str, Any]) -> type[Resource]:
    """Return a class with actions that declare words of `access`."""

    def action(words: dict[str, Any]) -> Callable[..., Any]:
        def method(self: Resource) -> None:
            return None

        return access(**words)(method) if words else method

    methods = {name: action(words) for name, words in actions.items()}
    return type("Declared", (Resource,), {**(members or {}), **methods})


def shown(words: dict[str, Any]) -> dict[str, Any]:
    """Return words of `access` with the security as text."""
    if "security" in words:
        words = {**words, "security": repr(Requirement(words["security"]))}
    return words


SECURITY: list[tuple[list[dict[str, Any]], str | None]] = [
    ([{"security": KEY}, {"security": KEY}], "<Requirement key>"),
    ([{"security": KEY}, {"security": BASIC}], "<Requirement key & basic>"),
    ([{"security": KEY | BASIC}, {"security": KEY | BASIC}], "<Requirement key | basic>"),
    ([{"security": KEY}, {"public": True}], "<Requirement key>"),
    ([{"public": True}, {"security": KEY}], "<Requirement key>"),
    ([{"security": KEY | anonymous}, {"security": BASIC}], "<Requirement key & basic | basic>"),
    (
        [{"security": KEY | BASIC}, {"security": KEY | BASIC}, {"security": KEY}],
        "<Requirement key | basic & key>",
    ),
    ([{"public": True}, {"public": True}], "<Requirement >"),
]


@pytest.mark.parametrize(("actions", "expected"), SECURITY)
def test_security_of_several_actions(actions: list[dict[str, Any]], expected: str) -> None:
    """Each must be satisfied; a public action demands nothing."""
    names = [f"do_{at}" for at in range(len(actions))]
    one = declared(None, **dict(zip(names, actions, strict=True)))
    assert shown(bulk_access(one, names)) == {"security": expected}
    classes = {declared(None, act=words): "act" for words in actions}
    assert shown(joined_access(classes)) == {"security": expected}


@pytest.mark.parametrize("words", [{"security": KEY}, {"permission": STAFF}])
def test_an_action_that_leaves_it_to_the_app_is_refused(words: dict[str, Any]) -> None:
    """Nobody can tell whether the App demands less, unless the class says it too."""
    (word,) = words
    mixed = declared(None, create=words, update={})
    with pytest.raises(
        DeclarationError, match=rf"upsert = True and @access\({word}=.*create, update"
    ):
        bulk_access(mixed, ["create", "update"], "upsert")
    by_class = declared(words, create=words, update={})
    assert list(bulk_access(by_class, ["create", "update"])) == [word]
    assert bulk_access(declared(words, create={}, update={}), ["create", "update"]) == {}


def test_classes_that_leave_security_to_the_app() -> None:
    """One action that is public does not open another class, whose App may demand something."""
    public, undeclared = declared(None, act={"public": True}), declared(None, act={})
    guarded = declared(None, act={"security": KEY})
    assert joined_access({public: "act", undeclared: "act"}) == {}
    assert joined_access({undeclared: "act"}) == {}
    assert shown(joined_access({undeclared: "act", guarded: "act"})) == {
        "security": "<Requirement key>"
    }


def test_permissions_of_several_actions() -> None:
    """Each must hold; one that two actions have is asked once."""

    def of(*permissions: Any) -> Any:
        classes = {
            declared(None, act={"permission": each} if each else {}): "act" for each in permissions
        }
        return joined_access(classes).get("permission")

    assert of(STAFF) == STAFF
    assert of(STAFF, STAFF) == STAFF
    assert of(None, STAFF, None) == STAFF
    assert of(None, None) is None
    assert repr(of(STAFF, READ)) == repr(STAFF & READ)
    assert repr(of(READ, None, STAFF)) == repr(READ & STAFF)
    public = declared(None, a={"public": True}, b={"public": True})
    assert bulk_access(public, ["a", "b"]).get("permission") is None


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ([None, None], None),
        ([[FEW], [FEW]], (FEW,)),
        ([[FEW], [MANY, FEW]], (FEW, MANY)),
        ([[FEW], None], (FEW,)),
        ([[], []], (...,)),
        ([[], [FEW]], (FEW,)),
        ([[], None], None),
    ],
)
def test_limits_of_several_actions(limits: list[list[Rate] | None], expected: object) -> None:
    """Each counts once; those of outer levels stay out if every action keeps them out."""
    actions = {
        f"do_{at}": {} if each is None else {"limits": each} for at, each in enumerate(limits)
    }
    assert bulk_access(declared(None, **actions), list(actions)).get("limits") == expected
    classes = {declared(None, act=words): "act" for words in actions.values()}
    assert joined_access(classes).get("limits") == expected


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [([], [], (FEW, MANY, ...)), ([], None, (FEW, MANY)), ([], [FEW], (FEW, MANY))],
)
def test_limits_of_classes_that_keep_out_those_of_their_app(
    first: list[Rate], second: list[Rate] | None, expected: object
) -> None:
    members = [{} if each is None else {"limits": each} for each in (first, second)]
    classes = {
        declared(members[0], act={"limits": [FEW]}): "act",
        declared(members[1], act={"limits": [MANY]}): "act",
    }
    assert joined_access(classes)["limits"] == expected


def test_the_guards_of_a_class_for_another_one() -> None:
    assert class_guards(declared()) == {"limits": Resource.limits, "cache": Resource.cache}
    public = class_guards(declared({"public": True}))
    assert public["public"] is True
    assert "security" not in public
    found = class_guards(declared({"security": KEY, "permission": STAFF, "limits": [FEW]}))
    assert repr(found["security"]) == "<Requirement key>"
    assert found["permission"] == {"read": STAFF, "write": STAFF}
    assert found["limits"] == [FEW]
    assert "public" not in found


@pytest.mark.parametrize(
    ("members", "words", "expected"),
    [
        ({}, {}, False),
        ({}, {"cache": False}, False),
        ({}, {"limits": [FEW]}, True),
        ({}, {"public": True}, True),
        ({"permission": STAFF}, {}, True),
        ({"security": KEY}, {}, True),
    ],
)
def test_whether_an_action_is_guarded(
    members: dict[str, Any], words: dict[str, Any], expected: bool
) -> None:
    """A cache is no guard."""
    assert has_guards(declared(members, act=words), "act") is expected


def test_the_words_of_an_action_itself() -> None:
    found = declared({"security": BASIC}, act={"permission": STAFF, "cache": False})
    assert action_words(found, "act") == {"permission": STAFF}
