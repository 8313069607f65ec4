"""Questions to the asker: what the text leaves open, in Chinese and English."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from collab.needs.extraction.findings import Reading
from collab.vocabulary.catalog import ChainStep, Vocabulary


def about_steps(
    vocabulary: Vocabulary, chain_id: str | None, steps: Sequence[ChainStep]
) -> list[dict[str, Any]]:
    """One question for each mandatory step of the chain that the text does not mention."""
    if chain_id is None:
        return []
    chain = vocabulary.chains[chain_id]
    found = []
    for step in steps:
        names_zh = "、".join(vocabulary.label(t, "zh") for t in step.techniques)
        names_en = ", ".join(vocabulary.label(t, "en") for t in step.techniques)
        found.append(
            {
                "code": "chain-step",
                "chain": chain_id,
                "step": step.key,
                "techniques": list(step.techniques),
                "alternatives": list(step.alternatives),
                "zh": f"{chain.zh}通常还需要“{names_zh}”，是否需要我们一并寻找？",
                "en": f"{chain.en} usually also needs {names_en}. Shall we look for that too?",
            }
        )
    return found


def about_values(
    vocabulary: Vocabulary, readings: Sequence[Reading], shown: Any
) -> list[dict[str, Any]]:
    """One question for each value outside what is physically likely (a slipped unit)."""
    found = []
    for reading in readings:
        parameter = vocabulary.parameters[reading.parameter]
        if reading.numeric and parameter.hard and not _inside(parameter.hard, reading.value):
            found.append(
                {
                    "code": "unlikely-value",
                    "parameter": parameter.id,
                    "span": shown(reading.start, reading.end),
                    "zh": f"{parameter.zh}的数值不在常见范围内，请确认单位。",
                    "en": f"{parameter.en}: this value is not usual. Is the unit right?",
                }
            )
    return found


def _inside(limits: tuple[float, float], value: Any) -> bool:
    figures = value if isinstance(value, list) else [value]
    return all(limits[0] <= v <= limits[1] for v in figures)


def about_ambiguity(
    vocabulary: Vocabulary, word: str, span: list[int], candidates: Sequence[str]
) -> dict[str, Any]:
    """A word that can mean several techniques."""
    zh = "、".join(vocabulary.label(c, "zh") for c in candidates)
    en = ", ".join(vocabulary.label(c, "en") for c in candidates)
    return {
        "code": "ambiguous-term", "span": span, "candidates": list(candidates),
        "zh": f"“{word}”可以指{zh}，请选择。",
        "en": f'"{word}" can mean {en}. Which is it?',
    }  # fmt: skip


def too_long(limit: int) -> dict[str, Any]:
    """The text is longer than what is read at once."""
    return {
        "code": "text-too-long", "limit": limit,
        "zh": f"文本过长，只读取了前{limit}个字符。",
        "en": f"The text is too long: only the first {limit} characters were read.",
    }  # fmt: skip
