"""The conformance suite of stores: what a collection does over every one of them."""

from .suite import StoreConformance

__all__ = ["StoreConformance"]
