"""A marshmallow Schema instance compiled to straight functions: the same values, types, errors and order.

Knows nothing of restkit. Fields that are exactly marshmallow's own, without overrides, are written in line;
every other one calls its own method, and schema hooks run in marshmallow's own order. The private names of
marshmallow that are used: ``Schema._hooks``, ``_deserialize``, ``_invoke_load_processors``,
``_invoke_dump_processors``, ``_invoke_field_validators``, ``_invoke_schema_validators``, ``Field._serialize``,
``Field._validate`` and ``marshmallow.error_store.ErrorStore``.
"""

from .compiled import Compiled, Counts, compile_schema
from .guard import Guard
from .plan import FieldPlan, Plan, plan_of

__all__ = ["Compiled", "Counts", "FieldPlan", "Guard", "Plan", "compile_schema", "plan_of"]
