"""Testing an App in process: the client, its responses and the contract check."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .client import Client, RequestOptions
from .content import FileValue
from .contract import ContractCheck
from .request_context import request_context
from .response import TestResponse

if TYPE_CHECKING:
    from .conformance import StoreConformance

__all__ = [
    "Client",
    "ContractCheck",
    "FileValue",
    "RequestOptions",
    "StoreConformance",
    "TestResponse",
    "request_context",
]


# The suite needs pytest, which a machine that only serves an App does not have.
def __getattr__(name: str) -> object:
    if name != "StoreConformance":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from .conformance import StoreConformance

    globals()[name] = StoreConformance
    return StoreConformance
