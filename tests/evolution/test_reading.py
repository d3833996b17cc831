"""Schemas of several versions of OpenAPI, references, discriminators, and what is too large."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from minute import within_a_minute

from restkit.evolution.comparison import compare

from .pairs import BREAK, INT, NONE, NULL, NUM, OK, STR, WARN, arr, document_of, obj, ref, text
from .test_subsumption import worst

JSON = dict[str, Any]
NULLABLE: JSON = {"type": "string", "nullable": True}


def level(
    old: Any,
    new: Any,
    direction: str = "request",
    *,
    components: tuple[JSON, JSON] = ({}, {}),
    versions: tuple[str, str] = ("3.0.3", "3.0.3"),
) -> str:
    """Return the worst level of the changes between two schemas."""
    before = document_of(old, direction, components[0], versions[0])
    return worst(compare(before, document_of(new, direction, components[1], versions[1])))


MIGRATED = ("3.0.3", "3.1.0")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (NULLABLE, {"type": ["string", "null"]}),
        (NULLABLE, {"anyOf": [STR, NULL]}),
        (
            {"type": "number", "minimum": 0, "exclusiveMinimum": True},
            {**NUM, "exclusiveMinimum": 0},
        ),
        ({"type": "number", "maximum": 9, "exclusiveMaximum": False}, {**NUM, "maximum": 9}),
        ({"$ref": "#/components/schemas/A", "maxLength": 1}, ref("A")),
        ({"allOf": [ref("A")], "nullable": True}, {"anyOf": [ref("A"), NULL]}),
    ],
)
def test_a_document_may_move_to_3_1(old: JSON, new: JSON) -> None:
    """The words of 3.0 mean the same as those of 3.1, in both directions."""
    components = ({"A": STR}, {"A": STR})
    for direction in ("request", "response"):
        found = level(old, new, direction, components=components, versions=MIGRATED)
        assert found == NONE


@pytest.mark.parametrize(
    ("old", "new", "request_level", "response_level"),
    [
        (STR, NULLABLE, OK, BREAK),
        (NULLABLE, STR, BREAK, OK),
        (ref("A"), {"allOf": [ref("A")], "nullable": True}, OK, BREAK),
        (text(enum=["a"]), {**text(enum=["a", None]), "nullable": True}, OK, BREAK),
    ],
)
def test_nullable(old: JSON, new: JSON, request_level: str, response_level: str) -> None:
    """OpenAPI 3.0 has `nullable`."""
    components = ({"A": STR}, {"A": STR})
    assert level(old, new, components=components) == request_level
    assert level(old, new, "response", components=components) == response_level


def test_recursion_ends() -> None:
    """Schemas that contain themselves are compared once, and a change within them is found."""
    tree = {"Tree": obj("value", value=INT, children=arr(ref("Tree")))}
    same = {"Node": obj("value", value=INT, children=arr(ref("Node")))}
    wider = {"Tree": obj("value", value=NUM, children=arr(ref("Tree")))}
    assert level(ref("Tree"), ref("Node"), components=(tree, same)) == NONE
    assert level(ref("Tree"), ref("Tree"), components=(tree, wider)) == OK
    assert level(ref("Tree"), ref("Tree"), "response", components=(tree, wider)) == BREAK
    assert level(ref("A"), ref("A"), components=({"A": ref("A")}, {"A": ref("A")})) == NONE


def test_a_list_that_ends_with_null() -> None:
    """A recursive alternative is one, too."""
    old = {"List": {"anyOf": [NULL, obj("next", next=ref("List"))]}}
    new = {"List": {"anyOf": [obj("next", next=ref("List")), NULL]}}
    assert level(ref("List"), ref("List"), components=(old, new)) == NONE


def test_components_are_compared_behind_their_names() -> None:
    """The name of a component does not matter, its content does."""
    assert level(ref("A"), ref("B"), components=({"A": STR}, {"B": STR})) == NONE
    assert level(ref("A"), ref("A"), components=({"A": STR}, {"A": INT})) == BREAK
    assert level(arr(ref("A")), arr(ref("A")), components=({"A": NUM}, {"A": INT})) == BREAK


CAT = obj("kind", kind=STR, lives=INT)
DOG = obj("kind", kind=STR, bark=STR)


def pets(*names: str, **mapping: str) -> JSON:
    """Return a union with a discriminator."""
    discriminator: JSON = {"propertyName": "kind"}
    if mapping:
        places = {key: f"#/components/schemas/{name}" for key, name in mapping.items()}
        discriminator["mapping"] = places
    return {"oneOf": [ref(each) for each in names], "discriminator": discriminator}


def test_discriminators_tell_alternatives_apart() -> None:
    """A name that the mapping loses is a lost alternative."""
    both = ({"Cat": CAT, "Dog": DOG}, {"Cat": CAT, "Dog": DOG})
    assert level(pets("Cat", "Dog"), pets("Dog", "Cat"), components=both) == NONE
    assert level(pets("Cat"), pets("Cat", "Dog"), components=both) == OK
    assert level(pets("Cat"), pets("Cat", "Dog"), "response", components=both) == BREAK
    assert level(pets("Cat", "Dog"), pets("Cat"), components=both) == BREAK
    named, other = pets("Cat", cat="Cat"), pets("Cat", tom="Cat")
    assert level(named, other, components=both) == BREAK
    narrowed = ({"Cat": CAT, "Dog": DOG}, {"Cat": CAT, "Dog": obj("kind bark", kind=STR, bark=STR)})
    assert level(pets("Cat", "Dog"), pets("Cat", "Dog"), components=narrowed) == BREAK
    assert level(pets("Cat", "Dog"), pets("Cat", "Dog"), "response", components=narrowed) == OK


def test_a_new_alternative_is_named() -> None:
    """The sentence says which one."""
    both = {"Cat": CAT, "Dog": DOG}
    old = document_of(pets("Cat"), "response", both)
    new = document_of(pets("Cat", "Dog"), "response", both)
    found = [each.message for each in compare(old, new) if each.level == "breaking"]
    assert found == ['The alternative `kind` "Dog" is new.']


@pytest.mark.parametrize("count", [10, 40])
def test_too_many_alternatives_are_a_warning(count: int) -> None:
    """A product of unions is not multiplied out without end."""
    parts = [{"anyOf": [obj(f"a{each}"), obj(f"b{each}")]} for each in range(count)]
    with within_a_minute():
        assert level({"allOf": parts}, {"allOf": parts, "minProperties": 1}) == WARN


def test_nested_unions_are_quick() -> None:
    """Four alternatives in each of six levels are compared once a pair."""

    def nested(leaf: JSON) -> JSON:
        for _ in range(6):
            leaf = {
                "anyOf": [
                    {**obj("k", k={"const": each}), "properties": {"k": {"const": each}, "a": leaf}}
                    for each in range(4)
                ]
            }
        return leaf

    with within_a_minute():
        assert level(nested(STR), nested(INT)) == BREAK
        assert level(nested(STR), nested(STR)) == NONE


def test_large_documents_are_quick() -> None:
    """500 operations with a change in a shared schema are compared without multiplying them."""
    shared = {
        f"S{each}": obj("a", a=text(maxLength=9), b=ref(f"S{(each + 1) % 90}"))
        for each in range(90)
    }
    old, new = (document_of(STR, "request", shared) for _ in range(2))
    for document in (old, new):
        content = {"content": {"application/json": {"schema": ref("S1")}}}
        document["paths"] = {
            f"/r{each}": {
                "put": {
                    "requestBody": {
                        "content": {"application/json": {"schema": ref(f"S{each % 90}")}}
                    },
                    "responses": {"200": {"description": "OK", **content}},
                }
            }
            for each in range(500)
        }
    changed = obj("a", a=text(maxLength=8), b=ref("S8"))
    new["components"] = {"schemas": {**shared, "S7": changed}}
    with within_a_minute():
        assert worst(compare(old, new)) == BREAK


def test_many_schemas_that_refer_to_each_other() -> None:
    """A document whose references lead through hundreds of schemas equals itself."""
    count = 400
    schemas = {
        f"S{each}": {"anyOf": [obj(next=ref(f"S{(each + 1) % count}")), NULL]}
        for each in range(count)
    }
    changed = {**schemas, f"S{count - 1}": obj(next=STR)}
    old, again = (document_of(ref("S0"), "request", components=schemas) for _ in range(2))
    assert compare(old, again) == []
    assert compare(old, document_of(ref("S0"), "request", components=changed)) != []


def test_documents_with_parts_in_common() -> None:
    """The same objects in both documents may refer to schemas that differ."""
    schemas = {"A": obj(b=ref("B")), "B": obj(c=ref("C")), "C": STR}
    old = document_of(ref("A"), "request", components=schemas)
    (change,) = compare(old, document_of(ref("A"), "request", components={**schemas, "C": INT}))
    assert (change.level, change.message) == (
        "breaking",
        "`b.c`: the type changes from string to integer.",
    )


def test_what_a_refuted_hypothesis_has_allowed_is_compared_again() -> None:
    """Three schemas contain each other, and a member of one is broken: all of them are."""
    schemas = [
        {"B": obj(c=ref("C")), "C": obj(a=ref("E"), y=leaf), "E": obj(q=ref("B"))}
        for leaf in (STR, INT)
    ]
    documents = [document_of(ref("B"), "request", each) for each in schemas]
    for document in documents:
        (operation,) = document["paths"].values()
        document["paths"] = {"/b": operation, "/e": deepcopy(operation)}
        media = document["paths"]["/e"]["post"]["requestBody"]["content"]["application/json"]
        media["schema"] = ref("E")
    found = compare(*documents)
    assert {each.place.path for each in found if each.level == "breaking"} == {"/b", "/e"}
