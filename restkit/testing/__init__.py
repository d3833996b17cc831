"""Testing an App in process: the client, its responses and the contract check."""

from __future__ import annotations

from .client import Client, RequestOptions
from .conformance import StoreConformance
from .content import FileValue
from .contract import ContractCheck
from .response import TestResponse

__all__ = [
    "Client",
    "ContractCheck",
    "FileValue",
    "RequestOptions",
    "StoreConformance",
    "TestResponse",
]
