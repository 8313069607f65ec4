"""Who posts which need of the demo: the alliance's own, and the sample needs spread over it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from collab.importing.dataset import ancestors
from collab.importing.demo import DemoData, DemoInterest, DemoOrganisation, SampleNeed
from collab.needs.profile import all_techniques
from collab.needs.service import understood
from collab.vocabulary.catalog import load_vocabulary

STANDS = timedelta(days=120)


@dataclass(frozen=True, slots=True)
class PostedNeed:
    """A need about to be stored. `seed` is what its public id is derived from, `region` a code.

    Without `author` somebody of the organisation has posted it.
    """

    seed: str
    organisation: str
    author: str
    region: str
    title: str
    text: str
    state: str
    disclosure: str
    posted_on: date
    expires_on: date | None
    invited: tuple[str, ...] = ()
    interests: tuple[DemoInterest, ...] = ()


def demo_needs(data: DemoData) -> Iterator[PostedNeed]:
    """The alliance's own needs, in file order."""
    regions = {o.slug: o.region for o in data.organisations}
    for n in data.needs:
        yield PostedNeed(
            seed=f"demo/{n.slug}", organisation=n.organisation, author=n.author,
            region=regions[n.organisation], title=n.title, text=n.text, state=n.state,
            disclosure=n.disclosure, posted_on=n.posted_on, expires_on=n.expires_on,
            invited=n.invited, interests=n.interests,
        )  # fmt: skip


def sample_needs(
    data: DemoData, samples: Sequence[SampleNeed], today: date
) -> Iterator[PostedNeed]:
    """The sample needs, each posted by the demo organisation that stands nearest to its region."""
    used: list[str] = []
    for place, sample in enumerate(samples):
        poster = _poster(data.organisations, sample.region, used)
        used.append(poster)
        posted = today - timedelta(days=2 + 3 * place)
        yield PostedNeed(
            seed=f"sample/{sample.id}", organisation=poster, author="", region=sample.region,
            title=sample.title_en if sample.text.isascii() else sample.title_zh,
            text=sample.text, state="published", disclosure=sample.disclosure, posted_on=posted,
            expires_on=posted + STANDS, invited=_invited(data, sample, poster, posted),
        )  # fmt: skip


def _poster(organisations: Sequence[DemoOrganisation], region: str, used: Sequence[str]) -> str:
    """Nearest in the tree of regions; of equals the one that has posted least so far."""
    above = {region, *ancestors(region)}

    def rank(one: DemoOrganisation) -> tuple[int, int, str]:
        shared = len(above & {one.region, *ancestors(one.region)})
        return -shared, used.count(one.slug), one.slug

    return min(organisations, key=rank).slug


def _invited(
    data: DemoData, sample: SampleNeed, poster: str, posted: date
) -> tuple[str, ...]:  # fmt: skip
    """Whoever offers a technique that an invited need asks for, except its poster."""
    if sample.disclosure != "invited":
        return ()
    wanted = set(all_techniques(understood(sample.text, load_vocabulary(), posted)))
    able = {c.organisation for c in data.capabilities if wanted & set(c.techniques)}
    return tuple(sorted(able - {poster}))
