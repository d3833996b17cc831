"""The consequences of a unit of work: events, webhooks, and tasks for a worker.

Needs the extra ``sql``, and for PostgreSQL the extra ``postgres``.
"""

from typing import TYPE_CHECKING

from ..lazy_names import lazy_names
from .emitting import emit
from .endpoint_schema import EndpointSchema
from .endpoints import EndpointRecord
from .event import Event
from .outbox import Message, Outbox
from .signing import new_secret
from .tables import outbox_metadata
from .webhook_verification import webhook_verify
from .webhooks import Webhooks
from .worker import Worker

if TYPE_CHECKING:
    from .asymmetric_signing import new_key_pair

__all__ = [
    "EndpointRecord",
    "EndpointSchema",
    "Event",
    "Message",
    "Outbox",
    "Webhooks",
    "Worker",
    "emit",
    "new_key_pair",
    "new_secret",
    "outbox_metadata",
    "webhook_verify",
]

# It needs the extra ``security``.
__getattr__ = lazy_names(__name__, {"new_key_pair": "asymmetric_signing"})
