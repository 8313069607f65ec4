"""Discs near where geography puts them, without overlaps; the same for the same input."""

from __future__ import annotations

import math
from hashlib import blake2b

import numpy as np

from graph.compiled import Floats

GAP = 14.0
STEP = 1.08  # radii grow in steps, so that one more member mostly moves nothing outside
TURNS = 160
WIDE = 1.5  # screens and slides are wider than high
SPREAD = 1.2  # of the room the discs need: so wide at first that hardly any overlap
SETTLE, DRAW = 110, 0.994  # then drawn together little by little, so that none changes sides


def chance(key: str, salt: str = "") -> tuple[float, float]:
    """Two numbers in [0, 1) that belong to a key and to nothing else."""
    digest = blake2b(f"{salt}\0{key}".encode(), digest_size=8).digest()
    return (
        int.from_bytes(digest[:4], "big") / 2**32,
        int.from_bytes(digest[4:], "big") / 2**32,
    )


def in_disc(key: str, salt: str = "") -> tuple[float, float]:
    """A point of the unit disc that belongs to a key, evenly spread over keys."""
    turn, far = chance(key, salt)
    return math.sqrt(far) * math.cos(math.tau * turn), math.sqrt(far) * math.sin(math.tau * turn)


def stepped(radius: float) -> float:
    """`radius` rounded up to the next step of eight per cent."""
    return float(STEP ** math.ceil(math.log(max(radius, 1.0)) / math.log(STEP) - 1e-9))


def on_map(place: tuple[float, float] | None, key: str) -> tuple[float, float]:
    """East and south of a latitude and longitude; below the map where the place is not known."""
    if place is None:
        east, south = chance(key, "nowhere")
        return 40.0 + 60.0 * east, 50.0 + 15.0 * south
    lat, lon = place
    return WIDE * lon, -lat


def pack(anchors: Floats, radius: Floats, keys: list[str]) -> Floats:
    """Centres for discs of `radius`: near `anchors` (any scale), none closer than the gap.

    Discs start at the scaled map, push each other apart and are drawn back a little each turn; in
    the end everything is stretched by what still overlaps, so the promise always holds.
    """
    n = len(radius)
    if n == 1:
        return np.zeros((1, 2))
    start = _scaled(anchors, radius)
    jitter = np.array([in_disc(key, "jitter") for key in keys])
    start = start + jitter * radius.min() * 0.05
    centre = start.copy()
    reach = radius[:, None] + radius[None, :] + GAP
    weight = radius**2
    give = weight[None, :] / (weight[:, None] + weight[None, :])
    for turn in range(TURNS if n <= 300 else TURNS // 4):
        apart = centre[:, None, :] - centre[None, :, :]
        distance = np.hypot(apart[..., 0], apart[..., 1])
        np.fill_diagonal(distance, np.inf)
        push = np.maximum(reach - distance, 0.0) / np.maximum(distance, 1e-9) * give
        centre += 0.6 * (apart * push[..., None]).sum(axis=1)
        if turn < SETTLE:
            centre *= DRAW
    return _stretched(centre, reach)


def _scaled(anchors: Floats, radius: Floats) -> Floats:
    """Anchors about their mean, spread so that the discs cover a good part of the plane."""
    middle = np.average(anchors, axis=0, weights=radius)
    apart = anchors - middle
    spread = math.sqrt(float((apart**2).sum()) / len(radius))
    room = math.sqrt(float((radius**2).sum()))
    return np.asarray(apart * (SPREAD * room / spread if spread > 1e-9 else 1.0))


def _stretched(centre: Floats, reach: Floats) -> Floats:
    distance = np.hypot(
        centre[:, None, 0] - centre[None, :, 0], centre[:, None, 1] - centre[None, :, 1]
    )
    np.fill_diagonal(distance, np.inf)
    factor = float((reach / np.maximum(distance, 1e-9)).max())
    return centre * max(1.0, factor)


def around(centre: Floats, radius: Floats) -> tuple[Floats, float]:
    """A disc that holds all discs: its centre and radius."""
    weight = radius**2
    middle = np.average(centre, axis=0, weights=weight)
    for _ in range(60):
        out = np.hypot(*(centre - middle).T) + radius
        far = int(np.argmax(out))
        direction = centre[far] - middle
        length = float(np.hypot(*direction))
        if length < 1e-9:
            break
        middle = middle + direction / length * 0.02 * out[far]
    out = np.hypot(*(centre - middle).T) + radius
    return middle, float(out.max())
