"""Records behave as named tuples do."""

from __future__ import annotations

import copy
import inspect
import pickle
from collections.abc import Callable

import pytest

from restkit import EntityTag, Failure, Header, NotFound
from restkit.http.negotiation import MediaRange


def test_values_are_given_by_position_and_by_name() -> None:
    """Positions and names make equal records, with the defaults of the other fields."""
    made = Header("ETag", required=True)
    assert made == Header(name="ETag", required=True)
    assert (made.name, made.description, made.required) == ("ETag", "", True)


def test_a_record_is_a_tuple() -> None:
    """A record compares, hashes, unpacks and matches as the tuple of its values."""
    made = Failure(NotFound, "method")
    assert made == (NotFound, "method", "", ())
    assert hash(made) == hash((NotFound, "method", "", ()))
    match made:
        case Failure(problem, stage):
            assert problem is NotFound
            assert stage == "method"


def test_replace_makes_another_record() -> None:
    """`_replace` changes the named fields of a copy alone."""
    made = Failure(NotFound, "method")
    changed = made._replace(stage="handler")
    assert changed == Failure(NotFound, "handler")
    assert made.stage == "method"


def test_records_cannot_be_changed() -> None:
    """Neither a field nor a new attribute can be assigned."""
    made = Failure(NotFound, "method")
    for name in ("stage", "other"):
        with pytest.raises(AttributeError):
            setattr(made, name, "handler")


def test_copies_and_pickles_are_equal() -> None:
    """Copies and pickles of a record are records of the same class."""
    made = Failure(NotFound, "method")
    for other in (copy.copy(made), copy.deepcopy(made), pickle.loads(pickle.dumps(made))):
        assert other == made
        assert type(other) is Failure


def test_texts_name_the_fields() -> None:
    """`repr` and the signature name the fields and their defaults."""
    assert repr(MediaRange("text", "html", frozenset(), 1.0)).startswith("MediaRange(")
    parameters = inspect.signature(Header).parameters
    assert list(parameters) == ["name", "description", "schema", "required"]
    assert parameters["required"].default is False
    assert parameters["name"].default is inspect.Parameter.empty


def test_the_signature_of_a_record_that_checks_its_values() -> None:
    """`inspect` and `help` read that of its `__new__`."""
    assert str(inspect.signature(EntityTag)).startswith("(value: 'str', weak: 'bool' = False)")


@pytest.mark.parametrize(
    ("values", "named", "message"),
    [
        ((), {}, "needs a value for problem, stage"),
        ((NotFound, "method"), {"stage": "method"}, "two values for stage"),
        ((NotFound, "method"), {"detail": ""}, "no field detail"),
        ((NotFound, "method", "", (), 1), {}, "at most 4 values, got 5"),
    ],
)
def test_wrong_values_are_a_type_error(
    values: tuple[object, ...], named: dict[str, object], message: str
) -> None:
    """A missing, doubled, unknown or surplus value is a TypeError that names the record."""
    with pytest.raises(TypeError, match=f"^Failure .*{message}"):
        _make(Failure, values, named)


def _make(
    record: Callable[..., object], values: tuple[object, ...], named: dict[str, object]
) -> object:
    """Call a record's class with arguments that no type checker accepts."""
    return record(*values, **named)
