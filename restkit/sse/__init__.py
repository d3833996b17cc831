"""Event streams: resources that send server-sent events (WHATWG HTML, section 9.2)."""

from ..server_sent_events import Event
from ..stream_shutdown import stop_streams, stop_streams_with
from .event_stream import EventStream
from .heartbeats import with_heartbeats

__all__ = ["Event", "EventStream", "stop_streams", "stop_streams_with", "with_heartbeats"]
