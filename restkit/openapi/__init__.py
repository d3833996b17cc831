"""Operations to an OpenAPI document, and the document as resources; apispec is loaded with the first document."""

from .diff import diff
from .document import build, to_json, to_yaml
from .names import check_names, component_names, operation_id
from .pages import resources

__all__ = [
    "build",
    "check_names",
    "component_names",
    "diff",
    "operation_id",
    "resources",
    "to_json",
    "to_yaml",
]
