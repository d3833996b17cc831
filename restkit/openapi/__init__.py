"""The OpenAPI document of operations, and its resources. The first document loads apispec."""

from ..operations.operation_ids import operation_id
from .declared_values import check_schemas
from .diff import diff
from .document import build, to_json, to_yaml
from .names import component_names
from .pages import resources

__all__ = [
    "build",
    "check_schemas",
    "component_names",
    "diff",
    "operation_id",
    "resources",
    "to_json",
    "to_yaml",
]
