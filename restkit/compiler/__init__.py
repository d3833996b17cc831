"""A marshmallow Schema instance compiled to straight functions: the same values, types, errors and order.

Knows nothing of restkit. Fields that are exactly marshmallow's own, without overrides, are written in line;
every other one calls its own method, and schema hooks run in marshmallow's own order. The private names of
marshmallow that are used: ``Schema._hooks``, ``_deserialize``, ``_invoke_load_processors``,
``_invoke_dump_processors``, ``_invoke_field_validators``, ``_invoke_schema_validators``, ``Field._serialize``,
``Field._validate``, ``Field._CHECK_ATTRIBUTE``, ``marshmallow.error_store.ErrorStore`` and ``copy_containers``.
"""

from .compiled import Compiled, compile_schema
from .explanation import Explanation, FieldTiers, Tier, explain
from .guard import Guard
from .json_writer import Encoder, Straight, straight
from .plan import FieldPlan, Plan, plan_of
from .tier_counts import COUNTS, Counts

__all__ = [
    "COUNTS",
    "Compiled",
    "Counts",
    "Encoder",
    "Explanation",
    "FieldPlan",
    "FieldTiers",
    "Guard",
    "Plan",
    "Straight",
    "Tier",
    "compile_schema",
    "explain",
    "plan_of",
    "straight",
]
