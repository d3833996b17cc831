"""The access that a level declares (callers, limits, deprecation) in the record of an Operation."""

from __future__ import annotations

from ..contract import Operation
from .contributions import permitted, secured
from .security import Access

__all__ = ["with_access"]


def with_access(operation: Operation, declared: Access, *, is_inherited: bool = False) -> Operation:
    """Return an Operation with the access of one level, as far as it is not decided before."""
    if declared.security and not operation.security:
        operation = secured(operation, declared.security)
    permission = declared.permissions.of(operation.method)
    if permission is not None and operation.permission is None:
        operation = permitted(operation, permission)
    if declared.cache is not None and operation.cache is None and operation.method == "GET":
        from ..cache_rule import CacheUse  # cold start: few programs have caches

        use = CacheUse(declared.cache or None, is_inherited=is_inherited)
        operation = operation._replace(cache=use)
    if operation.deprecation is None:
        operation = operation._replace(deprecation=declared.deprecation)
    return operation._replace(limits=declared.limits) if declared.limits else operation
