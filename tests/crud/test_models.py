"""Plain classes as models of a MemoryStore: attributes, bounds and schemas from annotations."""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Annotated, Any, Literal

import pytest
from marshmallow import fields, validate

from restkit import App
from restkit.crud import CRUDResource, MemoryStore
from restkit.errors import DeclarationError
from restkit.testing import Client


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


@dataclass
class Thing:
    """Has one attribute of each kind."""

    name: Annotated[str, validate.Length(1, 20)]
    count: Annotated[int, validate.Range(0, 9)] = 0
    ratio: float | None = None
    price: Decimal | None = None
    on: bool = True
    color: Color = Color.RED
    size: Literal["small", "large"] = "small"
    day: dt.date | None = None
    moment: dt.datetime | None = None
    time: dt.time | None = None
    lasts: dt.timedelta | None = None
    code: uuid.UUID = field(default_factory=uuid.uuid4)
    words: list[str] = field(default_factory=list)
    more: dict[str, Any] = field(default_factory=dict)
    made: dt.datetime = field(
        default_factory=lambda: dt.datetime.now(dt.UTC), metadata={"generated": True}
    )
    id: int | None = None


class Things(CRUDResource[Thing]):
    store = MemoryStore(Thing)
    filters = ("name__*", "count__*", "ratio__*", "color__*", "on", "size__*", "day__*", "code")
    sorts = ("color", "ratio")


@pytest.fixture
def client() -> Client:
    class Fresh(Things):
        store = MemoryStore(Thing)

    app = App("Things")
    app.add("/things", Fresh)
    return Client(app)


def test_a_schema_comes_from_the_annotations() -> None:
    """Each type has its field; None may be where the annotation has it;
    defaults and validators are kept.
    """
    schema = MemoryStore(Thing).schema()()
    kinds = {name: type(each) for name, each in schema.fields.items()}
    assert kinds == {
        "name": fields.Str,
        "count": fields.Int,
        "ratio": fields.Float,
        "price": fields.Decimal,
        "on": fields.Bool,
        "color": fields.Enum,
        "size": fields.Str,
        "day": fields.Date,
        "moment": fields.AwareDateTime,
        "time": fields.Time,
        "lasts": fields.TimeDelta,
        "code": fields.UUID,
        "words": fields.List,
        "more": fields.Dict,
        "made": fields.AwareDateTime,
        "id": fields.Int,
    }
    assert {name for name, each in schema.fields.items() if each.dump_only} == {"id", "made"}
    assert {name for name, each in schema.fields.items() if each.required} == {"name"}
    assert not schema.fields["count"].allow_none
    assert schema.fields["ratio"].allow_none
    assert type(schema).__name__ == "ThingSchema"


def test_every_kind_goes_there_and_back(client: Client) -> None:
    """What is sent is kept and answered as the values of the annotations."""
    sent = {
        "name": "one",
        "count": 3,
        "ratio": 0.5,
        "price": "1.50",
        "on": False,
        "color": "BLUE",
        "size": "large",
        "day": "2024-02-29",
        "moment": "2024-02-29T12:00:00+00:00",
        "time": "12:00:00",
        "lasts": 60,
        "code": str(uuid.UUID(int=7)),
        "words": ["a", "b"],
        "more": {"x": [1, {"y": None}]},
    }
    response = client.post("/things", json=sent)
    assert response.status == 201
    assert {name: response.json[name] for name in sent} == sent
    assert client.get("/things/1").json == response.json
    assert client.get("/things?color=BLUE&size__in=large,small&day__gte=2024-01-01&on=false").json[
        "items"
    ]
    assert client.get("/things?color=RED").json["items"] == []


@pytest.mark.parametrize(
    "query", ["count__gt=10", "size=huge", "name__null=true", "color=GREEN", "words=a", "on__ne=1"]
)
def test_what_the_annotations_do_not_allow_is_refused(client: Client, query: str) -> None:
    """A filter has the operators and the bounds of its annotation."""
    assert client.get(f"/things?{query}").status == 422


def test_sorting_by_an_enumeration_and_by_none(client: Client) -> None:
    """Members are in the order of their names, None is the greatest."""
    for name, color, ratio in (("a", "RED", None), ("b", "BLUE", 2.0), ("c", "RED", 1.0)):
        client.post("/things", json={"name": name, "color": color, "ratio": ratio})
    for sort, names in (
        ("color", "bac"),
        ("-ratio", "abc"),
        ("ratio", "cba"),
        ("-color,ratio", "cab"),
    ):
        seen, url = "", f"/things?limit=1&sort={sort}"
        while url:
            response = client.get(url)
            seen, url = seen + response.json["items"][0]["name"], response.json["next"]
        assert seen == names


class Odd:
    """Takes what nothing is known of."""

    def __init__(self, id: int, what: Any, *args: Any, **more: Any) -> None:
        self.id, self.what = id, what


class Nothing:
    pass


@dataclass(slots=True)
class Slotted:
    id: int


@dataclass(frozen=True)
class Frozen:
    id: int


@dataclass
class Unreadable:
    id: Undefined  # noqa: F821


@pytest.mark.parametrize(
    ("model", "says"),
    [
        ("Thing", "The model of a MemoryStore must be a class, got 'Thing'"),
        (Nothing, "Nothing has no visible attributes"),
        (Slotted, "Slotted has __slots__"),
        (Frozen, "Frozen is frozen"),
        (Unreadable, "The annotations of Unreadable cannot be evaluated"),
    ],
)
def test_what_cannot_be_a_model_is_refused(model: Any, says: str) -> None:
    """A class that cannot be a model is one clear sentence."""
    with pytest.raises(DeclarationError, match=says):
        MemoryStore(model)


def test_what_an_annotation_does_not_say_needs_a_schema() -> None:
    """A model may have attributes of any kind, but their schema is written by hand."""
    store = MemoryStore(Odd, items=[Odd(0, "x")])
    assert store.attributes["what"].operators == {"null"}
    with pytest.raises(
        DeclarationError, match=r"The annotation of Odd\.what does not determine its JSON type"
    ):
        store.schema()


def test_lists_are_asked_for_what_they_have() -> None:
    """`has` finds the items whose list has all that is asked for;
    texts are repeated, so that they may have commas.
    """

    class Worded(Things):
        store = MemoryStore(Thing)
        filters = ("words__has", "name__in")

    app = App("Things")
    app.add("/things", Worded)
    client = Client(app)
    client.post("/things", json={"name": "a,b", "words": ["one", "two, three"]})
    client.post("/things", json={"name": "c", "words": ["one"]})

    def found(query: str) -> list[str]:
        return [each["name"] for each in client.get(f"/things?{query}").json["items"]]

    assert found("words__has=one") == ["a,b", "c"]
    assert found("words__has=one&words__has=two,%20three") == ["a,b"]
    assert found("words__has=on") == found("words__has=one,two") == []
    assert found("name__in=a,b&name__in=x") == ["a,b"]
