"""HTML pages: resources whose methods return the context of a Jinja template."""

from .resource import HTMLResource
from .templates import Templates

__all__ = ["HTMLResource", "Templates"]
