"""`StoreConformance`: all parts of the suite as one class."""

from __future__ import annotations

from .actions import ActionConformance
from .concurrency import ConcurrencyConformance
from .filtered_writes import FilteredWriteConformance
from .formats import FormatConformance
from .items import ItemConformance
from .keys import CompositeKeyConformance
from .kinds import KindConformance
from .lists import ListConformance
from .missing import MissingFeatures
from .related import RelatedKeysConformance
from .related_scopes import RelatedScopeConformance
from .scopes import ScopeConformance
from .totals import TotalsConformance
from .upserts import UpsertConformance

__all__ = ["StoreConformance"]


class StoreConformance(
    ItemConformance,
    ListConformance,
    TotalsConformance,
    FilteredWriteConformance,
    RelatedScopeConformance,
    RelatedKeysConformance,
    UpsertConformance,
    ScopeConformance,
    KindConformance,
    CompositeKeyConformance,
    ActionConformance,
    FormatConformance,
    MissingFeatures,
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

    A ticket has a key that the store generates, a string ``title``, and ``labels``: a relation to
    many labels, or a list of their keys. A label has the key ``id``, which the store counts from 1,
    ``name``, a unique string, and ``removed_at``, a datetime or None.

    A vehicle is a base class, whose subclasses are a car and a truck; ``kind`` names them:
    ``"car"`` and ``"truck"``. A vehicle has a key that the store generates, ``plate``, a unique
    string of at most 20 characters, ``note``, a string or None, and ``removed_at``, a datetime or
    None. A car has ``doors`` besides, a truck ``payload``, each an integer or None.

    A membership has the key ``user_id``, an integer, and ``group_id``, a string of at most 20
    characters, together, which the client chooses, and ``role``, a string or None.

    A store that does not support a feature names it in ``lacks``. Its tests are skipped then, and
    another one checks that a collection which declares the feature is refused at start-up.

    Attributes:
        note: The model of notes.
        topic: The model of topics.
        relations: The names of the relation from a note to its topic, and back.
        ticket: The model of tickets.
        label: The model of labels.
        vehicle: The model of vehicles.
        car: The model of cars.
        membership: The model of memberships.
        lacks: The features that the store does not support, of ``"references"``, ``"totals"``,
            ``"relations"``, ``"related keys"``, ``"kinds"``, ``"composite keys"``,
            ``"soft delete"``, ``"row rules"`` and ``"alternatives"``.
        writers: The number of threads that write concurrently.
        rounds: The number of repetitions of each concurrency test.
    """
