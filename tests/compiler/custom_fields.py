"""Fields with methods of their own, each overriding another step of marshmallow's Field."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, missing

from .recording import LOG

__all__ = ["CUSTOM", "patch"]


class Shout(fields.String):
    def _serialize(self, value: Any, attr: Any, obj: Any, **kwargs: Any) -> Any:
        LOG.append(("Shout", attr, type(obj), sorted(kwargs)))
        return None if value is None else str(value).upper()


class Doubled(fields.Integer):
    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        LOG.append(("Doubled", attr, type(data), sorted(kwargs)))
        return super()._deserialize(value, attr, data, **kwargs) * 2


class Positive(fields.Integer):
    def _validated(self, value: Any) -> int:
        return abs(super()._validated(value))


class Hex(fields.Integer):
    def _format_num(self, value: Any) -> int:
        return int(str(value), 16)


class Eager(fields.Raw):
    def deserialize(self, value: Any, attr: Any = None, data: Any = None, **kwargs: Any) -> Any:
        LOG.append(("Eager", attr, type(data), sorted(kwargs)))
        return "nothing" if value is missing else super().deserialize(value, attr, data, **kwargs)


class Outer(fields.Raw):
    def serialize(self, attr: str, obj: Any, accessor: Any = None, **kwargs: Any) -> Any:
        LOG.append(("Outer", attr, type(obj), accessor is None))
        value = super().serialize(attr, obj, accessor=accessor, **kwargs)
        return "outer" if value is missing else value


class Reader(fields.String):
    def get_value(self, obj: Any, attr: str, accessor: Any = None, default: Any = missing) -> Any:
        LOG.append(("Reader", attr, accessor is None))
        return super().get_value(obj, attr, accessor, default)


class Unread(fields.Raw):
    _CHECK_ATTRIBUTE = False


class Checked(fields.String):
    def _validate(self, value: Any) -> None:
        LOG.append(("Checked", value))
        super()._validate(value)


class Tolerant(fields.Integer):
    def _validate_missing(self, value: Any) -> None:
        LOG.append(("Tolerant", value))


class Worded(fields.Integer):
    default_error_messages = {"invalid": "worded {input}", "required": "worded required"}


class Marked(fields.Boolean):
    truthy = {"si"}
    falsy = {"no"}


class Short(fields.Decimal):
    def _to_string(self, value: Any) -> str:
        return f"~{value}"


class Comma(fields.List):
    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        return super()._deserialize(
            value.split(",") if isinstance(value, str) else value, attr, data, **kwargs
        )


class Maker(fields.Integer):
    def make_error(self, key: str, **kwargs: Any) -> ValidationError:
        LOG.append(("Maker", key, sorted(kwargs)))
        return super().make_error(key, **kwargs)


class Same(fields.String):
    """A subclass that changes nothing."""


class Below(fields.Nested):
    def _load(self, value: Any, partial: Any = None) -> Any:
        LOG.append(("Below", partial))
        return super()._load(value, partial)


CUSTOM = {
    "Shout": Shout,
    "Doubled": Doubled,
    "Positive": Positive,
    "Hex": Hex,
    "Eager": Eager,
    "Outer": Outer,
    "Reader": Reader,
    "Unread": Unread,
    "Checked": Checked,
    "Tolerant": Tolerant,
    "Worded": Worded,
    "Marked": Marked,
    "Short": Short,
    "Comma": Comma,
    "Maker": Maker,
    "Same": Same,
    "Below": Below,
}


def _guard(field: Any) -> None:
    plain = field.deserialize

    def deserialize(value: Any, *args: Any, **kwargs: Any) -> Any:
        LOG.append(("guard", len(args), sorted(kwargs)))
        if type(value) is str and value.startswith(" "):
            raise ValidationError("guarded")
        return plain(value, *args, **kwargs)

    field.deserialize = deserialize


def patch(schema: Any, name: str, what: str) -> None:
    """Override a method, or change an option, of one field of a schema instance."""
    field = schema.fields.get(name)
    if field is None:
        return
    plain = getattr(field, what, None)
    if what == "deserialize":
        _guard(field)
    elif what == "serialize":
        field.serialize = lambda attr, obj, accessor=None, **kwargs: (
            "patched",
            plain(attr, obj, accessor, **kwargs),
        )
    elif what == "get_value":
        field.get_value = lambda obj, attr, accessor=None, default=missing: plain(
            obj, attr, accessor, default
        )
    elif what == "_serialize":
        field._serialize = lambda value, attr, obj, **kwargs: (
            attr,
            plain(value, attr, obj, **kwargs),
        )
    elif what == "_deserialize":
        field._deserialize = lambda value, attr, data, **kwargs: (
            attr,
            plain(value, attr, data, **kwargs),
        )
    elif what == "required":
        field.required = True
    elif what == "allow_none":
        field.allow_none = True
    elif what == "validators":
        field.validators.append(lambda value: LOG.append(("appended", type(value))))
    elif what == "error_messages":
        field.error_messages["required"] = "patched"
