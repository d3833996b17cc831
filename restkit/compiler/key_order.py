"""An override of a schema's ``_deserialize`` that only puts included keys in the data's order."""

from __future__ import annotations

from collections.abc import Mapping

from marshmallow import INCLUDE, Schema

__all__ = ["KeyOrder"]


class KeyOrder:
    """The order of the keys that a schema does not know and includes: that of the data.

    marshmallow walks these keys in the order of a set, which differs from process to process. The
    compiler writes loaders with the same order, so it does not count this override as one.
    """

    __slots__ = ("_schema",)

    def __init__(self, schema: Schema) -> None:
        """Set the order on a schema; its ``_deserialize`` becomes this object."""
        self._schema = schema
        vars(schema)["_deserialize"] = self

    def __call__(self, data: object, **options: object) -> object:
        """Deserialize with the method of the class, and put the included keys in order."""
        schema = self._schema
        loaded: object = type(schema)._deserialize(schema, data, **options)  # type: ignore[arg-type]  # marshmallow's own
        included = options.get("unknown") == INCLUDE and not options.get("many")
        if included and isinstance(loaded, dict) and isinstance(data, Mapping):
            self._put_in_order(loaded, data)
        return loaded

    def _put_in_order(self, loaded: dict[object, object], data: Mapping[object, object]) -> None:
        known: set[object] = set()
        for name, field in self._schema.load_fields.items():
            known.add(name if field.data_key is None else field.data_key)
            known.add((field.attribute or name).partition(".")[0])
        for key in data:
            if key in loaded and key not in known:
                loaded[key] = loaded.pop(key)
