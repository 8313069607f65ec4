"""What somebody wants to see of the network: a plain value that is also the key of caches."""

from __future__ import annotations

from dataclasses import dataclass, field

from graph.filters import Filter
from graph.metrics import METRICS, Cost, Level, names_up_to

REGIONS, ORGANISATIONS = "regions", "organisations"
VIEWS = (REGIONS, ORGANISATIONS)
SMALL = 2000  # organisations up to which a page waits for every metric
MOST_STEPS = 3


@dataclass(frozen=True, slots=True)
class Wanted:
    """A view of the network.

    `view` is "regions" (the whole, rolled up) or "organisations". `focus` is an organisation whose
    surroundings up to `steps` ties away are shown; `source` and `target` the two ends of a path.
    `size` and `colour` name metrics.
    """

    filter: Filter = field(default_factory=Filter)
    view: str = REGIONS
    focus: str = ""
    steps: int = 1
    source: str = ""
    target: str = ""
    size: str = "degree"
    colour: str = "betweenness"

    @property
    def rolled_up(self) -> bool:
        """Regions are drawn, not organisations: nothing narrower was asked for."""
        return self.view == REGIONS and not (self.focus or self.source or self.target)


def metric_names() -> tuple[str, ...]:
    """Metrics that may colour or size the marks."""
    return tuple(n for n, metric in METRICS.items() if metric.level is Level.NODE)


def is_quick(name: str, organisations: int) -> bool:
    """Whether a page may wait for the metric of a network of this size."""
    return organisations <= SMALL or name in names_up_to(Cost.MEDIUM)
