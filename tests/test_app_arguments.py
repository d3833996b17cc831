"""Arguments of App and of its methods that cannot be meant, and the messages about them."""

from __future__ import annotations

from typing import Any

import pytest
from marshmallow import Schema, fields

from restkit import (
    App,
    Conflict,
    Contribution,
    DeclarationError,
    Header,
    Operation,
    operation,
    raises,
    returns,
    takes,
)
from restkit.openapi import build

ANY_APP: Any = App


@pytest.mark.parametrize(
    ("options", "argument"),
    [
        ({"description": 5}, "description"),
        ({"contact": {"name": 5}}, "contact"),
        ({"contact": {"x-odd": float("nan")}}, "contact"),
        ({"contact": {"name": "A"}, "license": {"name": object()}}, "license"),
        ({"tags": {"a": 5}}, "tags"),
        ({"contact": {}, "tags": {"a": object()}}, "tags"),
    ],
)
def test_what_json_cannot_represent_is_refused(options: dict[str, Any], argument: str) -> None:
    with pytest.raises(DeclarationError, match=rf"App\('A'\): {argument} cannot be written into"):
        ANY_APP("A", **options)


def test_extensions_of_a_contact_may_be_any_json() -> None:
    app = App("A", contact={"name": "N", "x-more": [1, {"a": None}]})
    assert build(app)["info"]["contact"] == {"name": "N", "x-more": [1, {"a": None}]}


def test_a_misspelled_name_has_a_suggestion() -> None:
    """Names of resources and operationIds are known."""
    app = App("A")

    @app.get("/books", name="shelf")
    @operation(operation_id="listBooks")
    def books() -> list[dict[str, str]]:
        return []

    assert app.url_for("listBooks") == app.url_for("shelf") == "/books"
    for wrong, right in (("listBoks", "listBooks"), ("shelv", "shelf")):
        with pytest.raises(LookupError, match=f"Did you mean '{right}'?"):
            app.url_for(wrong)
    with pytest.raises(LookupError, match="Pass the class, its name or an operationId"):
        app.url_for("zzz")
    with pytest.raises(LookupError, match=r"with a, b\. The values must be the variables"):
        app.url_for("shelf", a=1, b=2)


def test_each_class_of_a_subclass_of_app_is_checked() -> None:
    class Fine(App):
        def own(self) -> int:
            return 1

    assert Fine("A").own() == 1
    with pytest.raises(DeclarationError, match=r"Wrong\.mount replaces a part of App"):
        type("Wrong", (Fine,), {"mount": 1})


class Guard:
    """An extension that guards every operation that says nothing of security."""

    name = "guard"

    def install(self, app: App) -> None:
        pass

    def contribute(self, operation: Operation) -> Contribution:
        return Contribution()


@pytest.mark.parametrize("extension", [Guard, object(), 5, "text", object])
def test_an_extension_is_an_object_that_installs_itself(extension: Any) -> None:
    with pytest.raises(DeclarationError, match=r"expects an object with a method install\(app\)"):
        App("A").install(extension)


class BrokenSchema(Schema):
    n = fields.Int(dump_default="many")


BROKEN = Header("X-A", "", {"minimum": float("nan")})


@pytest.mark.parametrize(
    "declare",
    [
        lambda verb: returns(None, status=202)(returns(BrokenSchema)(verb)),
        lambda verb: returns(None)(returns(BrokenSchema, status=202)(verb)),
        lambda verb: returns(None, status=202)(returns(None, headers={"X-A": BROKEN})(verb)),
        lambda verb: raises(Conflict, headers={"X-A": BROKEN})(verb),
        lambda verb: operation(summary=5)(verb),
        lambda verb: operation(tags=["a", 5])(verb),
        lambda verb: operation(extensions={"x-a": object()})(verb),
        lambda verb: takes(query=BrokenExample)(verb),
    ],
)
def test_one_value_that_cannot_be_written_is_enough(declare: Any) -> None:
    """The other parts of the operation may be fine."""
    app = App("A")

    def verb(**inputs: Any) -> Any:
        return {}

    with pytest.raises(DeclarationError, match=r"written|text|string"):
        app.get("/x")(declare(verb))


class BrokenExample(Schema):
    n = fields.Int(metadata={"example": object()})
