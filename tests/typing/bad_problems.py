"""Problems that cannot be."""

from __future__ import annotations

from restkit import Problem


class OutOfStock(Problem):
    status = "409"  # error: assignment, reportAssignmentType


Problem(7)  # error: arg-type, reportArgumentType
Problem(errors=[{"wher": "/a"}])  # error: typeddict-unknown-key, reportArgumentType
Problem(headers={"Retry-After": 60})  # error: dict-item, reportArgumentType
