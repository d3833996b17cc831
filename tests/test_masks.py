"""Masks as declared: rules, meaning, mistakes."""

from __future__ import annotations

from typing import Any

import pytest

from restkit import App, DeclarationError, Request, Resource
from restkit.masks import MaskRules, combined, declared_masks
from restkit.security import NOBODY, HTTPBearer, Mask, role, scope
from restkit.testing import request_context


class Part:
    pass


def is_ann(caller: Any) -> bool:
    return bool(caller.name == "ann")


@pytest.mark.parametrize(
    ("mask", "document"),
    [
        (Mask(role("staff")), {"read": "the role staff", "write": "the role staff"}),
        (Mask(write=NOBODY), {"write": "nobody"}),
        (Mask(read=is_ann), {"read": "is ann", "write": "is ann"}),
        (Mask(scope("a"), NOBODY), {"read": "the scope a", "write": "nobody"}),
    ],
    ids=["rule", "write", "function", "both"],
)
def test_a_mask_says_who_may_do_what(mask: Mask, document: dict[str, str]) -> None:
    """Those who may read may write, unless another rule says who may."""
    assert mask.document() == document


@pytest.mark.parametrize(
    ("mask", "description"),
    [
        (Mask(), "everybody"),
        (Mask(role("staff")), "the role staff"),
        (Mask(role("staff"), role("staff")), "the role staff"),
        (Mask(write=NOBODY), "read: everybody; write: nobody"),
        (Mask(scope("a"), NOBODY), "read: the scope a; write: nobody"),
    ],
    ids=["nothing", "rule", "twice", "write", "both"],
)
def test_a_mask_describes_itself(mask: Mask, description: str) -> None:
    assert mask.description == description
    assert repr(mask) == f"<Mask: {description}>"


@pytest.mark.parametrize(
    ("masks", "message"),
    [
        ({"cost": Mask()}, "hides nothing"),
        ({"cost": "staff"}, r"masks\['cost'\] must be a rule"),
        ({"cost": True}, r"masks\['cost'\] must be a rule"),
        ({"": NOBODY}, "is not the name of a field"),
        (("cost",), "masks must be a mapping"),
    ],
    ids=["empty", "text", "flag", "name", "tuple"],
)
def test_masks_that_cannot_be_meant(masks: Any, message: str) -> None:
    """A mistake in masks is an error that names the class."""
    declared = type("Parts", (), {"masks": masks})
    with pytest.raises(DeclarationError, match=message):
        declared_masks(declared, "shop.Parts")


def test_equal_rules_are_asked_once() -> None:
    """Rules that hold for the same callers make no further views."""
    masks: dict[tuple[type, str], Mask] = {
        (Part, f"f{number}"): Mask(role("staff") & scope("a")) for number in range(30)
    }
    rules = MaskRules(masks, "shop.Parts")
    assert len(rules.most().read) == 30
    assert rules.least().is_empty


def test_too_many_rules() -> None:
    """The number of views is bounded at start-up."""
    masks = {(Part, f"f{number}"): Mask(role(f"r{number}")) for number in range(13)}
    with pytest.raises(DeclarationError, match="13 different rules"):
        MaskRules(masks, "shop.Parts")


def test_a_rule_that_needs_a_caller_does_not_hold_for_nobody() -> None:
    """An error of a rule hides the field from a request without a caller, as row rules do."""
    rules = MaskRules({(Part, "cost"): Mask(is_ann)}, "shop.Parts")
    with request_context(App("Shop"), "/") as request:
        assert rules.hidden(request).read == {(Part, "cost")}
        request.caller = object()
        with pytest.raises(AttributeError):
            rules.hidden(request)


def test_the_masks_of_several_classes_hold_together() -> None:
    """A related item is hidden unless every class lets the caller read it."""
    found = combined([Mask(role("a")), Mask(role("b"), NOBODY)])
    assert found.document() == {
        "read": "the role a and the role b",
        "write": "the role a and nobody",
    }


def test_one_mask_of_several_classes_is_itself() -> None:
    first, second = Mask(role("a")), Mask(role("a"))
    assert combined([first]) is first
    assert combined([first, first]) is first
    assert combined([first, second]).document() == first.document()
    for masks in (
        [first, Mask(role("b"))],
        [Mask(role("b")), first],
        [first, first, Mask(role("b"))],
    ):
        assert "the role b" in combined(masks).description


def test_masks_are_kept_by_name() -> None:
    staff = Mask(role("staff"))
    declared = type("Parts", (), {"masks": {"cost": staff, "memo": NOBODY}})
    found = declared_masks(declared, "shop.Parts")
    assert found["cost"] is staff
    assert found["memo"].document() == {"read": "nobody", "write": "nobody"}
    assert declared_masks(Part, "shop.Part") == {}


def test_masks_of_a_plain_resource() -> None:
    """Masks that would hide nothing are an error."""

    class Notes(Resource):
        request: Request
        masks = {"cost": role("staff")}

        def get(self) -> dict[str, int]:
            return {"cost": 1}

    app = App("Notes", security=HTTPBearer({}.get))
    app.add("/notes", Notes)
    with pytest.raises(DeclarationError, match=r"Notes\.masks hides nothing"):
        app.freeze()
