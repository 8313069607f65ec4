"""Chinese characters that sound alike, so that a slip of the input method can be told."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import yaml

FILE = Path(__file__).resolve().parents[2] / "data" / "vocab" / "homophones.yaml"


@lru_cache(maxsize=1)
def _sounds() -> Mapping[str, frozenset[int]]:
    """For each character the lines of the table it stands in."""
    plain = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    found: dict[str, set[int]] = {}
    for number, line in enumerate(plain["alike"]):
        for character in line:
            found.setdefault(character, set()).add(number)
    return {character: frozenset(lines) for character, lines in found.items()}


def sound_alike(one: str, other: str) -> bool:
    """True for two different characters that are read alike."""
    sounds = _sounds()
    return one != other and not sounds.get(one, frozenset()).isdisjoint(sounds.get(other, ()))
