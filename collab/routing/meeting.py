"""The work piece where parallel branches of a plan meet."""

from __future__ import annotations

from collab.routing.pieces import Piece, Terms
from collab.routing.tables import lowest


def merge(terms: Terms, parts: list[Piece]) -> Piece:
    """The piece where parallel branches meet: the furthest one leads, the others add what they
    carry, limit and remember."""
    if len(parts) == 1:
        return parts[0]
    lead = max(parts, key=lambda p: terms.order(p.state))
    known = {name: span for part in parts for name, span in part.figures} | dict(lead.figures)
    history = remedied = 0
    scales: frozenset[str] = frozenset()
    for part in parts:
        history |= part.history
        remedied |= part.remedied
        scales |= part.mask_scale or frozenset()
    return lead._replace(
        figures=tuple(sorted(known.items())),
        diameters=lead.diameters or next((p.diameters for p in parts if p.diameters), None),
        pad_metal=lead.pad_metal or next((p.pad_metal for p in parts if p.pad_metal), None),
        mask_scale=scales or None,
        coupler=lead.coupler or next((p.coupler for p in parts if p.coupler), None),
        carried=frozenset().union(*(p.carried for p in parts)),
        open_metals=any(p.open_metals for p in parts),
        max_temperature=lowest([p.max_temperature for p in parts]),
        remelt=lowest([p.remelt for p in parts]),
        flags=frozenset().union(*(p.flags for p in parts)),
        asked=frozenset().union(*(p.asked for p in parts)),
        history=history,
        remedied=remedied,
        steps=max(p.steps for p in parts),
    )
