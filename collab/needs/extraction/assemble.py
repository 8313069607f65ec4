"""The findings of one text put into the shape other programs rely on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from collab.needs.extraction import counts, deadlines, money, questions, wishes
from collab.needs.extraction.amounts import Amount
from collab.needs.extraction.context import Context
from collab.needs.extraction.criteria import Criteria
from collab.needs.extraction.cues import accepted_unit
from collab.needs.extraction.findings import Reading, Taken, Unread
from collab.needs.extraction.grammar import Grammar
from collab.needs.extraction.layout import lay_out, whole_word, without_runs
from collab.needs.extraction.measures import Measure, measures
from collab.needs.extraction.scene import Scene
from collab.needs.extraction.steps import Steps, Wanted
from collab.needs.extraction.terms import Mention, folded_text
from collab.needs.extraction.units import tidy
from collab.needs.extraction.values import merged
from collab.vocabulary.normalize import Normalized

MAX_CHARS = 20_000
_AMBIGUITY_LIMIT = 0.65
_OFFERED = 8  # parameters offered for a figure without a name


class Extraction:
    """Reads one text; `result()` gives the documented shape."""

    def __init__(self, grammar: Grammar, source: str, posted: date | None) -> None:
        self._grammar = grammar
        self._source = source
        self._posted = posted
        self._normal: Normalized = grammar.normaliser.normalize(source[:MAX_CHARS])
        self._text = without_runs(self._normal.text)
        self._folded = folded_text(self._text)
        self._layout = lay_out(self._text)
        self._context = Context(self._layout)
        self._taken = Taken(len(self._text))
        self._unread: list[Unread] = []
        self._steps = Steps(grammar, self._text, self._folded, self._layout, self._context)

    # ------------------------------------------------------------------ the whole
    def result(self) -> dict[str, Any]:
        """Everything that was read, ids of the vocabulary, spans of the original text."""
        numbers = self._numbers()
        readings = self._readings(numbers)
        wanted = self._steps.sort(readings)
        business = self._business(numbers)
        chain = self._chain(wanted)
        self._leftovers(numbers)
        return {
            **self._technique_part(wanted, chain),
            "materials": [self._mention(m) for m in wanted.materials],
            "excluded_materials": [self._mention(m) for m in wanted.excluded_materials],
            "parameters": [self._parameter(r) for r in readings],
            **business,
            "chain": chain,
            "not_understood": [*map(self._piece, self._unread), *self._rest()],
            "questions": self._questions(wanted, readings, chain),
        }

    def _chain(self, wanted: Wanted) -> str | None:
        if self._steps.tests_only_wanted():
            return None
        materials = [m.id for m in wanted.materials]
        ids = [*wanted.ids(), *(m.id for m in wanted.optional)]
        return self._grammar.chains.resembled(ids, materials, wanted.devices)

    # ------------------------------------------------------------------ numbers and values
    def _numbers(self) -> list[Measure]:
        return measures(self._text, self._grammar.units)

    def _readings(self, numbers: Sequence[Measure]) -> list[Reading]:
        cues = self._grammar.cues.find(self._text, self._folded)
        steps = self._steps
        scene = Scene(
            text=self._text, layout=self._layout, context=self._context,
            cues=cues, cue_starts=[c.start for c in cues],
            techniques=steps.mentions, materials=steps.materials,
            test_only=steps.test_only(), imaging=steps.imaging(), coupling=steps.coupling(),
        )  # fmt: skip
        criteria = Criteria(self._grammar, scene, self._taken)
        found = criteria.from_forms(numbers)
        skipped: Measure | None = None
        for measure in numbers:
            if self._taken.overlaps(measure.start, measure.end):
                continue
            reading = criteria.from_measure(measure)
            if reading is None and found:
                reading = criteria.second_bound(found[-1], measure)
            if reading is not None:
                self._taken.add(measure.start, measure.end)
                found.append(reading)
                earlier = criteria.second_bound(reading, skipped) if skipped else None
                if earlier is not None and skipped is not None:
                    self._taken.add(skipped.start, skipped.end)
                    found.insert(-1, earlier)
            skipped = measure if reading is None else None
        named = self._grammar.values.find(self._text, self._folded, self._layout)
        found += merged([r for r in named if not self._context.rejected(r.start, r.end)])
        for reading in named:
            self._taken.add(reading.start, reading.end)
        return self._settled(found)

    def _settled(self, readings: list[Reading]) -> list[Reading]:
        """Without background talk, repeats, and band names where a figure is given."""
        figures = any(r.parameter == "wavelength" and r.rule != "named-value" for r in readings)
        seen: set[tuple[str, str, str]] = set()
        kept = []
        for reading in sorted(readings, key=lambda r: r.start):
            key = (reading.parameter, reading.op, str(reading.value))
            used_for = self._layout.in_purpose(reading.start) and not _lit(reading)
            idle = self._layout.aside(reading.start) or used_for
            band = figures and reading.parameter == "wavelength" and reading.rule == "named-value"
            if (
                (idle and reading.parameter != "cooperation-mode")
                or band
                or key in seen
                or reading.op in ("ne", "")
            ):
                continue
            seen.add(key)
            reading.hard = not self._context.soft(reading.start, reading.end)
            kept.append(reading)
        return kept

    def _leftovers(self, numbers: Sequence[Measure]) -> None:
        operators = self._grammar.operators
        named = Taken(len(self._text))
        for mention in (*self._steps.mentions, *self._steps.devices, *self._steps.materials):
            named.add(mention.start, mention.end)
        for cue in self._grammar.cues.find(self._text, self._folded):
            named.add(cue.start, cue.end)
        self._unread += self._unclear_words(named)
        self._unread += self._open_wishes()
        for measure in numbers:
            idle = self._layout.aside(measure.start) or self._layout.in_purpose(measure.start)
            if idle or self._taken.overlaps(measure.start, measure.end):
                continue
            if self._text[measure.start - 1 : measure.start] == "@":
                continue
            if named.overlaps(measure.start, measure.end):
                continue
            before = operators.before(self._text, measure.start)
            if not measure.units and not (
                before and before.op in ("le", "lt", "ge", "gt", "better")
            ):
                continue
            low = self._layout.clause(measure.start)[0]
            start = max(low, (before.start if before else measure.start) - 16)
            start = whole_word(self._text, low, start)
            self._unread.append(self._unnamed(measure, start, before.op if before else ""))

    def _open_wishes(self) -> list[Unread]:
        """Days and regions the vocabulary cannot name: 农历年前交货, 优先华中地区."""
        return [
            Unread(start, end, "no-parameter")
            for start, end in wishes.unnamed(self._text)
            if not self._taken.overlaps(start, end) and not self._layout.aside(start)
        ]

    def _unnamed(self, measure: Measure, start: int, said: str) -> Unread:
        """A figure without a name: what it says, and the parameters whose unit it has."""
        op = {"range": "between", "tolerance": "between", "list": "in"}.get(measure.shape, said)
        figures = [tidy(v) for v in measure.values]
        return Unread(
            start, measure.end, "no-parameter",
            candidates=self._possible(measure),
            op="eq" if op in ("", "better") else op,
            value=figures if len(figures) > 1 else figures[0],
            unit=measure.units[0][1] if measure.units else "",
        )  # fmt: skip

    def _possible(self, measure: Measure) -> tuple[str, ...]:
        """Parameters of this unit, those of the steps asked for first."""
        vocabulary = self._grammar.vocabulary
        fitting = [
            p.id
            for p in vocabulary.parameters.values()
            if p.kind == "quantity" and p.dimension not in ("none", "count", "money", "time")
            and measure.units and accepted_unit(p, measure.units) is not None
        ]  # fmt: skip
        own = {p for m in self._steps.mentions for p in vocabulary.params_of(m.id)}
        return tuple(sorted(fitting, key=lambda i: i not in own)[:_OFFERED])

    def _unclear_words(self, named: Taken) -> list[Unread]:
        """Step names that nothing around makes clear, unless they lie in a longer name."""
        found: dict[str, Unread] = {}
        for m in self._steps.unclear():
            if not named.overlaps(m.start, m.end) and not self._taken.overlaps(m.start, m.end):
                word = self._folded[m.start : m.end]
                found.setdefault(word, Unread(m.start, m.end, "ambiguous", m.alternatives))
        return list(found.values())

    # ------------------------------------------------------------------ business
    def _business(self, numbers: Sequence[Measure]) -> dict[str, Any]:
        text, layout, figure = self._text, self._layout, self._grammar.figure
        chinese = any("\u3400" <= c <= "\u9fff" for c in text)
        price = money.budget(text, layout, chinese, figure)
        due = self._due(numbers)
        for amount in (price, due):
            if amount is not None:
                self._taken.add(amount.start, amount.end)
        free = lambda start, end: not self._taken.overlaps(start, end)  # noqa: E731 - a closure of one line
        counted = counts.quantities(text, layout, self._context, figure, free)
        if counted:
            self._taken.add(counted[0].start, counted[0].end)
        stages = self._grammar.vocabulary.raw["parameters"]
        level = wishes.readiness(text, layout, _stage_words(stages))
        region = self._grammar.regions.find(text, self._folded, layout)
        secrecy = wishes.confidentiality(text)
        for wish in (level, region, secrecy):
            for span in wish.spans if wish else ():
                self._taken.add(*span)
        return {
            "quantity": self._amount(counted[0], counted[1:4]) if counted else None,
            "deadline": self._amount(due) if due else None,
            "budget": self._amount(price) if price else None,
            "trl": self._wish(level) if level else None,
            "region": self._wish(region),
            "confidentiality": self._wish(secrecy),
        }

    def _due(self, numbers: Sequence[Measure]) -> Amount | None:
        free = [m for m in numbers if not self._taken.overlaps(m.start, m.end)]
        spans = deadlines.durations(self._text, self._layout, free, self._grammar.operators)
        days = deadlines.dates(self._text, self._layout, self._posted)
        best = sorted((*days[:1], *spans[:1]), key=lambda a: -a.confidence)
        return best[0] if best else None

    def _amount(self, amount: Amount, others: Sequence[Amount] = ()) -> dict[str, Any]:
        shown = {
            **amount.data,
            "span": self._span(amount.start, amount.end),
            "confidence": round(amount.confidence, 2),
        }
        if others:
            shown["alternatives"] = [{**o.data, "span": self._span(o.start, o.end)} for o in others]
        return shown

    def _wish(self, wish: wishes.Wish) -> dict[str, Any]:
        return {**wish.data, "spans": [self._span(*s) for s in wish.spans]}

    # ------------------------------------------------------------------ shapes
    def _technique_part(self, wanted: Wanted, chain: str | None) -> dict[str, Any]:
        by_id = {m.id: m for m in wanted.techniques}
        ids = [m.id for m in sorted(wanted.techniques, key=lambda m: m.start)]
        order = self._grammar.chains.ordered(chain, ids)
        return {
            "techniques": [{**self._mention(by_id[i]), "hard": True} for i in order],
            "techniques_any_of": [[self._mention(m) for m in group] for group in wanted.any_of],
            "optional_techniques": [{**self._mention(m), "hard": False} for m in wanted.optional],
            "excluded_techniques": [
                {**self._mention(m), "reason": kind} for m, kind in wanted.excluded
            ],
        }

    def _mention(self, mention: Mention) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "id": mention.id,
            "span": self._span(mention.start, mention.end),
            "confidence": mention.confidence,
            "rule": mention.rule,
        }
        if mention.alternatives:
            shown["alternatives"] = list(mention.alternatives)
        return shown

    def _parameter(self, reading: Reading) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "id": reading.parameter, "op": reading.op, "value": reading.value, "unit": reading.unit,
            "hard": reading.hard, "span": self._span(reading.start, reading.end),
            "rule": reading.rule, "confidence": reading.confidence,
        }  # fmt: skip
        if reading.alternatives:
            shown["alternatives"] = list(reading.alternatives)
        return shown

    def _piece(self, unread: Unread) -> dict[str, Any]:
        start, end = self._normal.span(unread.start, unread.end)
        shown = {"span": [start, end], "text": self._source[start:end], "reason": unread.reason}
        if unread.candidates:
            shown["candidates"] = list(unread.candidates)
        if unread.value is not None:
            shown |= {"op": unread.op, "value": unread.value, "unit": unread.unit}
        return shown

    def _questions(
        self, wanted: Wanted, readings: Sequence[Reading], chain: str | None
    ) -> list[dict[str, Any]]:
        vocabulary = self._grammar.vocabulary
        found = questions.about_values(vocabulary, readings, self._span)
        for mention in (*wanted.techniques, *wanted.materials):
            if mention.alternatives and mention.confidence <= _AMBIGUITY_LIMIT:
                span = self._span(mention.start, mention.end)
                word = self._source[span[0] : span[1]]
                candidates = (mention.id, *mention.alternatives)
                found.append(questions.about_ambiguity(vocabulary, word, span, candidates))
        for piece in self._unread:
            if piece.reason == "ambiguous":
                span = self._span(piece.start, piece.end)
                word = self._source[span[0] : span[1]]
                found.append(questions.about_ambiguity(vocabulary, word, span, piece.candidates))
        found += questions.about_steps(
            vocabulary, chain, self._grammar.chains.unsaid(chain, wanted.mentioned())
        )
        if len(self._source) > MAX_CHARS:
            found.append(questions.too_long(MAX_CHARS))
        return found

    def _rest(self) -> list[dict[str, Any]]:
        """What lies beyond the part that is read; its first words stand for it."""
        if len(self._source) <= MAX_CHARS:
            return []
        span = [MAX_CHARS, len(self._source)]
        shown = self._source[MAX_CHARS : MAX_CHARS + 40]
        return [{"span": span, "text": shown, "reason": "too-long"}]

    def _span(self, start: int, end: int) -> list[int]:
        return list(self._normal.span(start, end))


def _lit(reading: Reading) -> bool:
    """用于1550nm倍频 tells the wavelength of the thing asked for."""
    return reading.parameter == "wavelength" and reading.rule != "named-value"


def _stage_words(tables: Any) -> dict[str, int]:
    entry = next(p for p in tables["parameters"] if p["id"] == "trl")
    return dict(entry.get("stage_words", {}))
