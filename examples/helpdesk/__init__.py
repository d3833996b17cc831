"""A help desk: customers open tickets, agents solve them, admins manage agents.

Start it, open http://127.0.0.1:8000/status, and send the mails by a second process::

    restkit run examples.helpdesk
    restkit worker examples.helpdesk

Register at ``POST /customers``, log in at ``POST /token``. The first admin is a registered user::

    restkit command examples.helpdesk make-admin ada@example.org
"""

from .app import create_app
from .settings import HelpdeskSettings

__all__ = ["HelpdeskSettings", "create_app"]
