"""The RealWorld API ("Conduit"), whose contract is given: ``restkit run examples.realworld``."""

from .app import create_app
from .callers import ConduitSettings

__all__ = ["ConduitSettings", "create_app"]
