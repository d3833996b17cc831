"""`StoreConformance`: all parts of the suite as one class."""

from __future__ import annotations

from .concurrency import ConcurrencyConformance
from .filtered_writes import FilteredWriteConformance
from .items import ItemConformance
from .lists import ListConformance
from .related import RelatedKeysConformance
from .relations import RelationConformance
from .scopes import ScopeConformance
from .totals import TotalsConformance
from .upserts import UpsertConformance

__all__ = ["StoreConformance"]


class StoreConformance(
    ItemConformance,
    ListConformance,
    TotalsConformance,
    FilteredWriteConformance,
    RelationConformance,
    RelatedKeysConformance,
    UpsertConformance,
    ScopeConformance,
    ConcurrencyConformance,
):
    """The tests that every `restkit.crud.Store` passes, for pytest.

    Declare the two models, and define a fixture ``app`` that installs an empty store of each on a
    new App::

        class TestMyStore(StoreConformance):
            note = Note
            topic = Topic

            @pytest.fixture
            def app(self) -> App:
                app = App("Conformance")
                app.install(MyStores(Note, Topic))
                return app

    A note has these attributes:

    - a key of any name, which the store generates;
    - ``title``: a required string of 1 to 100 characters;
    - ``code``: a unique string of at most 20 characters, or None;
    - ``number``: an integer or None;
    - ``topic_id``: a string of at most 20 characters that refers to a topic, or None;
    - ``removed_at``: a datetime or None.

    A topic has the key ``slug``, a string of at most 20 characters that the client chooses, and
    ``name``, a unique string of at most 50.

    Two more models let the tests of relations run. A ticket has a key that the store generates, a
    string ``title``, and ``labels``: a relation to many labels, or a list of their keys. A label
    has the key ``id``, which the store counts from 1, ``name``, a unique string, and
    ``removed_at``, a datetime or None.

    Attributes:
        note: The model of notes.
        topic: The model of topics.
        references: Whether the store enforces that ``topic_id`` refers to a topic; False skips
            those tests.
        totals: Whether the store has `aggregations` and its transactions ``totals``; False skips
            their tests.
        relations: The names of the relation from a note to its topic, and back; None skips the
            tests of relations.
        ticket: The model of tickets; None skips the tests of relations.
        label: The model of labels.
        writers: The number of threads that write concurrently.
        rounds: The number of repetitions of each concurrency test.
    """
