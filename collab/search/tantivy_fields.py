"""Where what a document holds stands in a tantivy index, and under which terms."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from collab.search.facets import COUNTED
from collab.search.plan import MENTION, TAG, WORDS
from collab.vocabulary.catalog import load_vocabulary

PUBLIC, MEMBERS = "public", "members"
RESTRICTED, NARROW = "~restricted", "~narrow"  # marks: not public; closed to members in general
HELD = "held"  # words, mentions, tags and stripes, as JSON: tantivy keeps no lengths of it
PROFILE = "profile"  # the facets that add a little to every score, as one term
PROFILED = ("kind", "status", "evidence")  # with one value a document, in this order
FACETS = "facets"  # the other facets, see `bundles`
STRIPE = "stripe"
TOKENS = "terms"  # the tokenizer of terms with blanks between them
STRIPES = 1024  # into which documents are divided by their tie
TIES = 2.0**48  # above every `tie`; ties are spread evenly below it
SINGLE = ("updated", "trust", "lat", "lon", "tie")
INFINITE = 1e300
TOGETHER = "\x1e"  # between the values of a bundle
_BLANKS = re.compile(r"[^\S\x1c-\x1f]")  # what tantivy takes for a blank
_COUNTED = frozenset(COUNTED) - frozenset(PROFILED)
_ONE_VALUE = ("organisation_kind", "access_mode")
_CHAINS = ("technique", "material")


def number_fields() -> list[str]:
    """The parameters that can be compared."""
    return [p.id for p in load_vocabulary().parameters.values() if p.kind == "quantity"]


def safe(parameter: str) -> str:
    """A parameter's name as part of a field's name."""
    return "n_" + parameter.replace("-", "_")


_PLACES = {name: f"{HELD}.{name}" for name in (WORDS, MENTION, TAG, STRIPE)}


def place_of(name: str, term: str) -> tuple[str, str]:
    """The field and the term under which something is indexed."""
    return _PLACES.get(name, name), solid(term) if name == TAG else term


def solid(term: str) -> str:
    """A tag without blanks, which would cut it in two."""
    return _BLANKS.sub("\x1f", term)


def stripe_of(tie: float) -> str:
    """The stripe of documents a tie falls into, as a term."""
    return str(int(tie / TIES * STRIPES))


def marked(labels: list[str]) -> list[str]:
    """The labels, with marks where the public is not among them, and members neither."""
    if PUBLIC in labels:
        return labels
    return [*labels, RESTRICTED] if MEMBERS in labels else [*labels, RESTRICTED, NARROW]


def profile_of(tags: Iterable[str]) -> str:
    """The values of the facets that add a little to every score, as one term."""
    own = (tag for tag in tags if tag.partition(":")[0] in PROFILED)
    return TOGETHER.join(own) or "none"


def bundles(tags: Iterable[str]) -> list[str]:
    """The counted tags of a document that are not in its profile, several to a value.

    Values are counted hit by hit, so few of them make counting fast; there must be few different
    ones as well. A technique or material goes with what is broader, all regions and all wafer
    sizes go together. Every tag stands in one bundle.
    """
    tags = list(dict.fromkeys(tags))
    named = {tag.partition(":")[2] for tag in tags if tag.startswith("exact:")}
    found: dict[str, list[str]] = {}
    chain = ""
    for tag in tags:
        facet, _, value = tag.partition(":")
        if facet not in _COUNTED:
            continue
        if facet in _CHAINS:
            chain = tag if value in named or not chain.startswith(f"{facet}:") else chain
        group = chain if facet in _CHAINS else "one" if facet in _ONE_VALUE else facet
        found.setdefault(group, []).append(tag)
    return [TOGETHER.join(group) for group in found.values()]


@lru_cache(maxsize=10_000)
def values_of(bundle: str) -> tuple[str, ...]:
    """The tags that stand in a bundle or profile."""
    return tuple(bundle.split(TOGETHER))
