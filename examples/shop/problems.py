"""The problems that the services have in common: the part of their contracts that is code."""

from __future__ import annotations

from restkit import Problem


class UnknownItem(Problem):
    """Raised when the catalogue has no item with the number."""

    status = 409
    type = "https://shop.example/problems/unknown-item"
    title = "Unknown item"


class OutOfStock(Problem):
    """Raised when there are fewer pieces of an item than are wanted."""

    status = 409
    type = "https://shop.example/problems/out-of-stock"
    title = "Out of stock"


class CardDeclined(Problem):
    """Raised when a card cannot be charged."""

    status = 402
    type = "https://shop.example/problems/card-declined"
    title = "Card declined"
