"""The OpenAPI document of operations, and its resources. The first document loads apispec."""

from typing import TYPE_CHECKING

from ..lazy_names import lazy_names

if TYPE_CHECKING:
    from ..operations.operation_ids import operation_id
    from .declared_values import check_schemas
    from .document import build, to_json, to_yaml
    from .document_diff import diff
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

_MODULES = {
    "build": "document",
    "check_schemas": "declared_values",
    "component_names": "names",
    "diff": "document_diff",
    "operation_id": "document",
    "resources": "pages",
    "to_json": "document",
    "to_yaml": "document",
}


# Cold start: the declarations of a program with a schema are checked, and need no document.
__getattr__ = lazy_names(__name__, _MODULES)
