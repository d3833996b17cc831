"""A shop of three services: catalogue, orders, payments.

``python -m examples.shop`` starts all three with the worker of the orders, and ``restkit run
examples.shop`` serves them as one App: see "Split an app into services" in the documentation.
"""

from .monolith import create_app

__all__ = ["create_app"]
