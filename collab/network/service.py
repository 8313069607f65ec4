"""The network of this process: the live graph, its pictures, their figures and files."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from collab.kernel import clock
from collab.matching.snapshot import Snapshot
from collab.network import drawing, exports, state
from collab.network.demand import Demand
from collab.network.drawing import Picture
from collab.network.morning import Scope, coverage
from collab.network.state import State
from collab.network.wanted import Wanted
from collab.storage.database import Database
from collab.storage.follower import Follower
from collab.storage.uow import UnitOfWork
from collab.vocabulary.catalog import Vocabulary
from graph.filters import Filter as Filter
from graph.moments import Moment, moments
from graph.project import compare_regions
from graph.resilience import what_breaks

PICTURES, VIEWS, MANY = 24, 200, 12
GRACE = 1.5  # seconds
log = logging.getLogger(__name__)
T = TypeVar("T")


class Kept:
    """The results used last, up to a number of them. Safe between threads."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._found: OrderedDict[Hashable, Any] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """What was made for `key`; made now if it is not there."""
        with self._lock:
            if key in self._found:
                self._found.move_to_end(key)
                found: T = self._found[key]
                return found
        made = make()
        with self._lock:
            self._found[key] = made
            while len(self._found) > self._most:
                self._found.popitem(last=False)
        return made

    def drop(self, key: Hashable) -> None:
        """Forget what was made for `key`."""
        with self._lock:
            self._found.pop(key, None)


class NetworkService:
    """Keeps the public graph of this process current. Safe between threads.

    Nothing in it depends on who looks: needs and agreements in the making are no part of the
    graph. What depends on needs is worked out in `demand`, from the needs the viewer may read.
    """

    def __init__(self, database: Database, vocabulary: Vocabulary) -> None:
        self.database = database
        self.vocabulary = vocabulary
        self.demand = Demand(vocabulary)
        self._follower = Follower()
        self._state: State | None = None
        self._stale = False
        self._lock = threading.Lock()
        self._turns = threading.Lock()
        self._pictures = Kept(PICTURES)
        self._views = Kept(VIEWS)

    def take_vocabulary(self, vocabulary: Vocabulary) -> None:
        """Draw and count with another vocabulary from now on; the graph is read anew."""
        with self._lock:
            self.vocabulary, self.demand = vocabulary, Demand(vocabulary)
            self._stale = True

    def state(self, uow: UnitOfWork) -> State:
        """The public graph as of `uow`."""
        with self._lock:
            events = self._follower.changes(uow)
            try:
                if self._state is None or events is None or self._stale:
                    version = self._state.version + 1 if self._state else 1
                    self._state = state.read(uow, self.vocabulary, version)
                    self._stale = False
                else:
                    self._state = state.follow(uow, self.vocabulary, self._state, events)
            except Exception:
                self._stale = True  # these events are behind us: read everything the next time
                raise
            return self._state

    def picture(self, uow: UnitOfWork, wanted: Wanted) -> Picture:
        """The narrowed network."""
        now = self.state(uow)
        asked = wanted.filter
        always = replace(asked, since=None, until=None)
        steady = None if asked == always else self.picture(uow, replace(wanted, filter=always))
        return self._pictures.get(
            (now.version, asked), lambda: Picture(now, wanted, self.later, steady)
        )

    def moments(self, uow: UnitOfWork) -> tuple[Moment, ...]:
        """The days at which the time slider stops."""
        now, today = self.state(uow), clock.today()
        return self._views.get((now.version, "moments", today), lambda: moments(now.graph, today))

    def view(self, uow: UnitOfWork, wanted: Wanted, language: str = "zh") -> Mapping[str, Any]:
        """The drawing and the tables; public facts only, the same for every viewer."""
        picture = self.picture(uow, wanted)
        key = (picture.state.version, wanted, language)
        view = self._views.get(key, lambda: drawing.draw(picture, wanted, language))
        if view["pending"]:
            self._views.drop(key)
        return view

    def later(self, work: Callable[[], None]) -> None:
        """Run dear work in a thread, one piece at a time, after the page that asked for it."""

        def in_turn() -> None:
            with self._turns:
                work()

        thread = threading.Timer(GRACE, in_turn)
        thread.daemon = True
        thread.start()

    def warm_soon(self) -> threading.Thread:
        """Read and draw the whole in the background; the first visitor need not wait for it."""
        thread = threading.Thread(target=self._warm, name="network-warm", daemon=True)
        thread.start()
        return thread

    def _warm(self) -> None:
        try:
            with self.database.reading() as uow:
                for language in ("zh", "en"):
                    self.view(uow, Wanted(), language)
        except Exception:  # a start must not fail because it could not be made quick
            log.exception("the network could not be drawn beforehand")

    def compared(self, uow: UnitOfWork, first: str, second: str) -> Mapping[str, Any]:
        """Two regions side by side."""
        now = self.state(uow)
        return self._views.get(
            (now.version, "compared", first, second),
            lambda: compare_regions(now.graph, now.regions, first, second),
        )

    def coverage(
        self, uow: UnitOfWork, snapshot: Snapshot, where: Scope, chains: Sequence[str]
    ) -> list[dict[str, Any]]:
        """Steps of the demanded chains with who does them; public, kept by data version."""
        version = self.state(uow).version
        key = (version, "coverage", where.own, where.neighbours, tuple(chains[:MANY]))
        return self._views.get(key, lambda: coverage(self.vocabulary, snapshot, where, chains))

    def without(self, uow: UnitOfWork, key: str) -> Mapping[str, Any] | None:
        """What breaks if this organisation leaves; None for one that is not in the network."""
        picture = self.picture(uow, Wanted())
        if key not in picture.ties:
            return None
        found = what_breaks(picture.scene, key)
        return {
            "pieces": len(found.pieces),
            "cut_off": list(found.cut_off),
            "techniques": [str(t).removeprefix("t:") for t in found.techniques],
            "partners": list(found.partners),
            "pairs_lost": found.pairs_lost,
        }

    def poster(self, uow: UnitOfWork, wanted: Wanted, language: str) -> str:
        """The picture as SVG text."""
        return exports.poster(self.picture(uow, wanted), wanted, language)

    def exported(self, uow: UnitOfWork, wanted: Wanted, form: str) -> str:
        """The narrowed network as text in a form of `exports.FORMS`."""
        return exports.written(self.picture(uow, wanted).graph, form)

    def key_of(self, uow: UnitOfWork, named: str) -> str:
        """The organisation that a public id, slug or name means; "" for none or several.

        A part of a name will do where one organisation alone has it.
        """
        ties = self.picture(uow, Wanted()).ties
        if named in ties or not named:
            return named
        words = named.casefold()
        whole, part = [], []
        for key, data in ties.nodes(data=True):
            names = [str(data.get(n, "")).casefold() for n in ("slug", "label_zh", "label_en")]
            if words in names:
                whole.append(key)
            elif any(words in name for name in names[1:]):
                part.append(key)
        found = whole or part
        return str(found[0]) if len(found) == 1 else ""

    def names(self, uow: UnitOfWork, language: str, most: int) -> list[str]:
        """Names of the organisations with the most partners, to choose from."""
        ties = self.picture(uow, Wanted()).ties
        ordered = sorted(ties, key=lambda k: (-ties.degree(k), str(k)))[:most]
        return sorted(drawing.name_of(ties, key, language) for key in ordered)
