"""The conformance suite of stores: tests of collections that hold for every store."""

from .suite import StoreConformance

__all__ = ["StoreConformance"]
