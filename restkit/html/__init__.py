"""HTML pages: resources whose methods return the context of a Jinja template."""

from .resource import HTMLResource
from .session import Flash, Session
from .sessions import Sessions
from .templates import Templates

__all__ = ["Flash", "HTMLResource", "Session", "Sessions", "Templates"]
