"""A marshmallow Schema instance compiled to Python functions: same values, types, errors and order.

There is one difference: unknown keys keep the order of the data, so that their order is the same in
every process. marshmallow iterates over them as a set.

The package depends on nothing else of restkit but `Record` and `lazy_names`. It generates inline
code for fields whose class is exactly one of marshmallow's own, without overrides. For every other
field, the generated code calls the field's own method. Schema hooks run in marshmallow's order.

The package uses these private names of marshmallow: ``Schema._hooks``, ``_deserialize``,
``_invoke_load_processors``, ``_invoke_dump_processors``, ``_invoke_field_validators``,
``_invoke_schema_validators``, ``Field._serialize``, ``Field._validate``,
``Field._CHECK_ATTRIBUTE``, ``DateTime._make_object_from_format``, ``Method._deserialize_method``,
``Pluck._field_data_key``, ``marshmallow.error_store.ErrorStore`` and ``copy_containers``.

``Straight`` and ``straight`` are earlier names of ``JSONWriter`` and ``json_writer_of``.
"""

from typing import TYPE_CHECKING

from ..lazy_names import lazy_names
from .compiled import Compiled, compile_schema
from .dict_keys import read_by_keys
from .guard import Advice, Guard, Inline
from .json_writer import Encoder, JSONWriter, json_writer_of
from .json_writer import JSONWriter as Straight
from .json_writer import json_writer_of as straight
from .key_order import KeyOrder
from .plan import FieldPlan, Plan, plan_of
from .tier_counts import COUNTS, Counts

if TYPE_CHECKING:
    from .explanation import Explanation, FieldTiers, Tier, explain

__all__ = [
    "COUNTS",
    "Advice",
    "Compiled",
    "Counts",
    "Encoder",
    "Explanation",
    "FieldPlan",
    "FieldTiers",
    "Guard",
    "Inline",
    "JSONWriter",
    "KeyOrder",
    "Plan",
    "Straight",
    "Tier",
    "compile_schema",
    "explain",
    "json_writer_of",
    "plan_of",
    "read_by_keys",
    "straight",
]

# PERF: cold start: few programs ask for explanations.
__getattr__ = lazy_names(
    __name__, dict.fromkeys(("Explanation", "FieldTiers", "Tier", "explain"), "explanation")
)
