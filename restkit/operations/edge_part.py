"""`EdgePart`: an extension that sees every request and response of an App."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from ..contract import Operation
from ..contributor import Contribution

__all__ = ["EdgePart", "is_called_by_address"]


@runtime_checkable
class EdgePart(Protocol):
    """An extension at the edge of an App. Of those with one order, that of the nearest App applies.

    If its class has ``is_of_outermost = True``, that of the outermost App applies.

    With a method ``edge_layers`` it acts before routing, see `restkit.dispatch.edge`; with a method
    ``response_finisher`` on the headers of responses, see `restkit.dispatch.response_headers`.

    Attributes:
        edge_order: The place of the part; the outermost has the smallest number.
    """

    edge_order: int

    def contribute(self, operation: Operation, /) -> Contribution:
        """Return the additions to an Operation."""
        ...


def is_called_by_address(operation: Operation) -> bool:
    """Return whether an Operation is served for every host and scheme.

    Probes call processes by IP address, often without TLS.
    """
    return operation.is_probe and not operation.path_parameters
