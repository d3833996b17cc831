"""Problems, and subclasses of them."""

from __future__ import annotations

from typing import assert_type

from restkit import NotFound, Problem, UnprocessableContent, raises


class OutOfStock(Problem):
    """No copy is left."""

    status = 409
    type = "https://example.com/problems/out-of-stock"
    title = "Out of stock"


class Told(OutOfStock):
    def __init__(self, copies: int) -> None:
        super().__init__(
            f"{copies} copies are ordered.", headers={"Retry-After": "60"}, copies=copies
        )


@raises(OutOfStock, Told, NotFound)
def order() -> None:
    raise Told(3)


problem = UnprocessableContent(
    "Not so.",
    errors=[
        {"pointer": "/a", "detail": "Wrong.", "code": "invalid"},
        {"parameter": "p", "location": "query", "detail": "Wrong."},
    ],
    instance="/cases/7",
)
assert_type(problem.to_dict(), dict[str, object])
assert_type(problem.to_bytes(), bytes)
assert_type(order(), None)
