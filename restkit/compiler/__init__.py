"""A marshmallow Schema instance compiled to Python functions: same values, types, errors and order.

Only unknown keys, which marshmallow walks in the order of a set, come in the order of the data, so
that they are the same in every process.

The package does not depend on the rest of restkit. It writes fields in line if they are exactly
marshmallow's own, without overrides. Every other field calls its own method, and schema hooks run
in marshmallow's order.

The package uses these private names of marshmallow: ``Schema._hooks``, ``_deserialize``,
``_invoke_load_processors``, ``_invoke_dump_processors``, ``_invoke_field_validators``,
``_invoke_schema_validators``, ``Field._serialize``, ``Field._validate``,
``Field._CHECK_ATTRIBUTE``, ``marshmallow.error_store.ErrorStore`` and ``copy_containers``.

``Straight`` and ``straight`` are earlier names of ``JSONWriter`` and ``json_writer_of``.
"""

from .compiled import Compiled, compile_schema
from .explanation import Explanation, FieldTiers, Tier, explain
from .guard import Advice, Guard
from .json_writer import Encoder, JSONWriter, json_writer_of
from .json_writer import JSONWriter as Straight
from .json_writer import json_writer_of as straight
from .key_order import KeyOrder
from .plan import FieldPlan, Plan, plan_of
from .tier_counts import COUNTS, Counts

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
    "JSONWriter",
    "KeyOrder",
    "Plan",
    "Straight",
    "Tier",
    "compile_schema",
    "explain",
    "json_writer_of",
    "plan_of",
    "straight",
]
