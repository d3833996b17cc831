"""`StoreConformance`: all parts of the suite as one class."""

from __future__ import annotations

from .concurrency import ConcurrencyConformance
from .items import ItemConformance
from .lists import ListConformance

__all__ = ["StoreConformance"]


class StoreConformance(ItemConformance, ListConformance, ConcurrencyConformance):
    """Is the tests that every `restkit.crud.Store` passes, for pytest.

    Declare the two models, and give a fixture ``app`` that installs an empty store of each on a new App::

        class TestMyStore(StoreConformance):
            note = Note
            topic = Topic

            @pytest.fixture
            def app(self) -> App:
                app = App("Conformance")
                app.install(MyStores(Note, Topic))
                return app

    A note has these attributes:

    - a key of any name, which the store gives;
    - ``title``: a text of 1 to 100 characters, needed;
    - ``code``: a text of at most 20 characters or None, unique;
    - ``number``: an integer or None;
    - ``topic_id``: a text of at most 20 characters or None, which names a topic;
    - ``removed_at``: a moment or None.

    A topic has the key ``slug``, a text of at most 20 characters that the client gives, and ``name``, a unique text of
    at most 50.

    Attributes:
        note: The model of notes.
        topic: The model of topics.
        references: Whether the store knows that ``topic_id`` names a topic; False leaves those tests out.
        writers: How many threads write at once.
        rounds: How often they do.
    """
