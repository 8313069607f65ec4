"""What may be asked and answered: states of a question, limits, the open points of an answer."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from collab.kernel.problems import Problem

MAX_WORDS = 1000
MAX_ANSWER = 2000
MOST_AT_ONCE = 20
MOST_OPEN = 40  # unanswered questions of one need to one capability
MOST_IN_A_WINDOW = 120  # new questions of one organisation in the window in which tries are counted
TECHNIQUE = "technique"
HANDOVER = "handover"
OWN = "own"


class QuestionState(StrEnum):
    """Where a question stands; `ended` when its need no longer waits for an answer."""

    OPEN = "open"
    ANSWERED = "answered"
    WITHDRAWN = "withdrawn"
    ENDED = "ended"


ANSWERABLE = frozenset({QuestionState.OPEN, QuestionState.ANSWERED})
"""An answer may be given or corrected while the need waits."""


class Stance(StrEnum):
    """What an answer comes down to, in one word."""

    YES = "yes"
    NO = "no"
    DEPENDS = "depends"


@dataclass(frozen=True, slots=True)
class Proposal:
    """An open point of an answer as a question: `topic` tells it from the others about the same
    capability, `step` is empty for a hand-over, `criterion` what is to be settled."""

    topic: str
    step: str
    criterion: str
    zh: str
    en: str


def topic_of(step: str | None, criterion: str) -> str:
    """The topic of a criterion: a step's own where it is about its technique, else of the whole
    need, so that what two steps want alike is asked once."""
    return f"{step or ''}:{criterion}" if criterion == TECHNIQUE else f":{criterion}"


def handover_topic(rule: str) -> str:
    """The topic of a rule between two steps of a route."""
    return f"{HANDOVER}:{rule}"


def route_topic(step: str) -> str:
    """The topic of asking whether a provider would take a step of a route."""
    return f"route:{step}"


def own_topic(words: str) -> str:
    """The topic of a question in the asker's own words: the same words are the same question."""
    return f"{OWN}:" + hashlib.sha256(" ".join(words.split()).encode()).hexdigest()[:16]


def proposals(answer: Mapping[str, Any], capability: str) -> list[Proposal] | None:
    """The open points of an answer that this capability's provider can settle, in its order; None
    when the capability stands nowhere in the answer, so that there is nothing to ask about."""
    places = [*_candidates(answer), *_legs(answer)]
    about = [(step, asked) for step, key, asked in places if key == capability]
    found: dict[str, Proposal] = {}
    for step, several in about:
        for asked in several:
            rule = asked.get("rule")
            topic = handover_topic(rule) if rule else topic_of(step, asked["criterion"])
            about_what = rule or asked["criterion"]
            found.setdefault(topic, Proposal(topic, step, about_what, asked["zh"], asked["en"]))
    return list(found.values()) if about else None


Place = tuple[str, str, list[Mapping[str, Any]]]  # step, capability, its open points there


def _candidates(answer: Mapping[str, Any]) -> Iterator[Place]:
    for step in answer["steps"]:
        for candidate in (*step["candidates"], *(step.get("near") or ())):
            yield step["key"], candidate["capability"], list(candidate.get("questions") or ())
    for gap in answer["gaps"]:
        for candidate in gap.get("nearest") or ():
            asked = list(candidate.get("questions") or ())
            yield gap.get("step") or "", candidate["capability"], asked


def _legs(answer: Mapping[str, Any]) -> Iterator[Place]:
    for route in (*answer["routes"], *(r for g in answer["gaps"] for r in g.get("routes") or ())):
        for leg in route["legs"]:
            asked = [a for a in leg.get("asks") or () if a is not None]
            yield leg.get("step") or "", leg["capability"], asked
            rules = [q for q in leg.get("questions") or () if q.get("to") == "provider"]
            yield HANDOVER, leg["capability"], rules


def sending_problems(words: Iterable[tuple[str, str]]) -> Iterator[Problem]:
    """What keeps questions (topic, words) from being sent: none, too many, empty, too long
    or with a character that not every database keeps."""
    several = list(words)
    if not several:
        yield Problem("own", "no_question")
    if len({topic for topic, _ in several}) > MOST_AT_ONCE:
        yield Problem("own", "too_many_questions", {"most": MOST_AT_ONCE})
    for topic, one in several:
        field = "own" if topic.startswith(f"{OWN}:") else f"words.{topic}"
        if not one.strip():
            yield Problem(field, "required")
        if "\0" in one:
            yield Problem(field, "not_storable")
        if len(one) > MAX_WORDS:
            yield Problem(field, "too_long", {"most": MAX_WORDS})


def answer_problems(text: str, stated: bool, takes_over: bool, typed: bool) -> Iterator[Problem]:
    """What is wrong with an answer: it says nothing, too much, or takes over what is not there."""
    if not text.strip() and not stated:
        yield Problem("text", "required")
    if len(text) > MAX_ANSWER:
        yield Problem("text", "too_long", {"most": MAX_ANSWER})
    if takes_over and not typed:
        yield Problem("value", "no_value_to_take_over")
