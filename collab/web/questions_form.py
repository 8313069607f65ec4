"""The forms of questions: what is offered to be asked, what was chosen, what an answer says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from werkzeug.datastructures import MultiDict

from collab.facilities.forms import ValueIn
from collab.kernel.errors import Rejected
from collab.kernel.problems import Problem
from collab.questions.forms import AnswerIn, QuestionIn
from collab.questions.models import Question
from collab.questions.rules import (
    HANDOVER,
    MAX_ANSWER,
    MOST_AT_ONCE,
    OWN,
    Proposal,
    own_topic,
)
from collab.vocabulary.catalog import Parameter
from collab.web import answers, labels, present
from collab.web.capability_form import version as version_of
from collab.web.needs_form import canonical
from collab.web.session import language, vocabulary

Form = MultiDict[str, str]


def offered(
    proposals: Sequence[Proposal], steps: dict[str, str], said: dict[str, Question], form: Form
) -> list[dict[str, Any]]:
    """The open points as rows of the form; one that was asked already says so and is not chosen."""
    chosen = set(form.getlist("topic"))
    rows = []
    for one in proposals:
        known = said.get(one.topic)
        words = one.en if form.get("words_in", language()) == "en" else one.zh
        rows.append(
            {
                "name": f"words.{one.topic}",
                "topic": one.topic,
                "where": steps.get(one.step, ""),
                "label": "" if one.step == HANDOVER else answers.criterion_label(one.criterion),
                "words": form.get(f"words.{one.topic}") or words,
                "asked": labels.label("question_state", known.state) if known else "",
                "on": one.topic in chosen if form.get("sent") else known is None,
            }
        )
    return rows


def chosen(form: Form, proposals: Sequence[Proposal]) -> list[QuestionIn]:
    """What the person wants to send. Words left as they were proposed go out in both languages."""
    wanted = set(form.getlist("topic"))
    sent = [
        _question(one, form.get(f"words.{one.topic}", "").strip())
        for one in proposals
        if one.topic in wanted
    ]
    own = form.get("own", "").strip()
    if own:
        sent.append(QuestionIn(own_topic(own), OWN, "", own, own))
    return sent[: MOST_AT_ONCE + 1]


def as_proposed(one: Proposal) -> QuestionIn:
    """An open point in the words it was offered in, in both languages."""
    return QuestionIn(one.topic, one.step, one.criterion, one.zh, one.en)


def _question(one: Proposal, words: str) -> QuestionIn:
    if words in (one.zh, one.en):
        return as_proposed(one)
    return QuestionIn(one.topic, one.step, one.criterion, words, words)


def value_text(row: Question) -> str:
    """The typed value of an answer with its unit."""
    return present.stated_value(row.criterion, row.value) if row.value else ""


def parameter_of(row: Question) -> Parameter | None:
    """The parameter a question is about, when it is about one."""
    return None if row.step == HANDOVER else vocabulary().parameters.get(row.criterion)


def read(form: Form, row: Question) -> AnswerIn:
    """The validated answer; raises pydantic's ValidationError or Rejected naming the field."""
    parameter = parameter_of(row)
    return AnswerIn.model_validate(
        {
            "text": form.get("text", "")[: 2 * MAX_ANSWER],
            "stance": form.get("stance") or None,
            "value": _value(form, parameter) if parameter is not None else None,
            "take_over": form.get("take_over") == "1",
            "capability_version": version_of(MultiDict({"version": form.get("capability", "")})),
        }
    )


def _value(form: Form, parameter: Parameter) -> ValueIn | None:
    """The typed value in the parameter's own unit; None when nothing was typed."""
    if parameter.values:
        picked: list[float | str] = [c for c in form.getlist("value.choices") if c]
        return ValueIn(choices=picked) if picked else None
    unit = form.get("value.unit", "")[:40]
    figures = {name: _figures(form, name) for name in ("low", "high", "choices")}
    own: dict[str, Any] = {
        name: canonical(parameter.id, found, unit)[0] if unit else found
        for name, found in figures.items()
        if found
    }
    for end in ("low", "high"):
        if end in own:
            own[end] = own[end][0]
    return ValueIn(**own) if own else None


def _figures(form: Form, name: str) -> list[float]:
    found = []
    text = form.get(f"value.{name}", "")[:200]
    for mark in "，、;；":
        text = text.replace(mark, " ")
    for part in text.split():
        try:
            found.append(float(part.rstrip(",")))
        except ValueError:
            raise Rejected([Problem("value", "invalid", {"value": part[:40]})]) from None
    return found if name == "choices" else found[:1]


def value_row(row: Question, form: Form) -> dict[str, Any] | None:
    """The boxes for a typed value; None where the question is not about a parameter."""
    parameter = parameter_of(row)
    if parameter is None:
        return None
    stored = row.value or {}
    shown = form if form.get("sent") else MultiDict[str, str]()
    choices = [f"{c:g}" if isinstance(c, float | int) else c for c in stored.get("choices") or ()]
    return {
        "label": parameter.label(language()),
        "unit": shown.get("value.unit") or present.unit_label(parameter),
        "choices": [(c.id, c.en if language() == "en" else c.zh) for c in parameter.values],
        "many": parameter.compare == "cap_set_contains" and not parameter.values,
        "low": shown.get("value.low") or _text(stored.get("low")),
        "high": shown.get("value.high") or _text(stored.get("high")),
        "chosen": shown.getlist("value.choices") or choices,
    }


def _text(value: float | None) -> str:
    return "" if value is None else f"{value:g}"
