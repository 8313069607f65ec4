"""Techniques, materials and devices named in a text: longest match, context where it matters."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import itemgetter
from typing import Any

from ahocorasick_rs import AhoCorasick, MatchKind

from collab.needs.extraction.findings import Taken
from collab.vocabulary.catalog import Term, Vocabulary
from collab.vocabulary.normalize import Normaliser, fold_case

_CUE_REACH = 25
_ABBR_REACH = 20
_TEST_SUFFIX = re.compile(
    r"(?:测试|测量|试验|分析|检测|仿真)$|[ -](?:test(?:ing)?|measurement)$", re.IGNORECASE
)
_ENGLISH_STEM_STOP = frozenset(
    {
        "optical", "environmental", "life", "loss", "datacom", "radiation", "high-speed",
        "dynamic", "temperature", "bar", "wafer", "module", "structural",
    }
)  # fmt: skip
_SHORT_CODE = re.compile(r"^[A-Z0-9][A-Za-z0-9/.+-]{0,5}$")
UNCLEAR = "unclear"  # a word that can mean several terms, and nothing says which
_PLURAL = re.compile(r"(?:e?s|ing)?(?![A-Za-z0-9])")
_SINGLE_OK = re.compile(r"(?:片|晶圆|圆片|衬底|波导|材料|探测器|外延)")


@dataclass(frozen=True, slots=True)
class Mention:
    """A term found in the text; `alternatives` are the other things it may mean."""

    kind: str
    id: str
    start: int
    end: int
    rule: str
    confidence: float
    alternatives: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """What one spelling stands for. `code` is the spelling whose capitals must agree."""

    kind: str
    id: str
    rule: str
    code: str = ""


@dataclass
class TermIndex:
    """All spellings in one automaton."""

    entries: dict[str, list[Entry]] = field(default_factory=dict)
    patterns: list[str] = field(default_factory=list)
    automaton: Any = None

    def add(self, key: str, entry: Entry) -> None:
        """Register one spelling (already folded)."""
        found = self.entries.setdefault(key, [])
        if all((e.kind, e.id) != (entry.kind, entry.id) for e in found):
            found.append(entry)

    def close(self) -> None:
        """Build the automaton; nothing can be added afterwards."""
        self.patterns = list(self.entries)
        self.automaton = AhoCorasick(self.patterns, matchkind=MatchKind.LeftmostLongest)

    def find(self, text: str, folded: str) -> list[tuple[int, int, list[Entry]]]:
        """Leftmost-longest matches with word boundaries and capitals respected."""
        found = []
        for index, i, j in self.automaton.find_matches_as_indexes(folded):
            entries = self._accepted(text, folded, i, j, self.entries[self.patterns[index]])
            if entries:
                found.append((i, j, entries))
        return found

    def _accepted(
        self, text: str, folded: str, i: int, j: int, entries: Sequence[Entry]
    ) -> list[Entry]:
        if not bounded(folded, i, j):
            return []
        beside_chinese = (
            "\u3400" <= text[i - 1 : i] <= "\u9fff" or "\u3400" <= text[j : j + 1] <= "\u9fff"
        )
        return [e for e in entries if _capitals_agree(e.code, text[i:j], beside_chinese)]


def _capitals_agree(code: str, written: str, beside_chinese: bool) -> bool:
    """Codes keep their capitals; long ones, and short ones inside Chinese, may be in lower case."""
    if not code:
        return True
    code, written = code.replace(" ", "-"), written.replace(" ", "-")
    if code == written:
        return True
    return (len(code) >= 4 or (beside_chinese and len(code) == 3)) and written in (
        code.lower(),
        code.upper(),
    )


def bounded(text: str, i: int, j: int) -> bool:
    """True when text[i:j] does not cut through a word of Latin letters or digits."""
    first, last = text[i], text[j - 1]
    before = text[i - 1 : i]
    if _ascii_word(first) and _ascii_word(before):
        return False
    if not _ascii_word(last):
        return True
    return bool(_PLURAL.match(text, j)) or (last.isdigit() and not text[j : j + 1].isdigit())


def _ascii_word(char: str) -> bool:
    return bool(char) and char.isascii() and char.isalnum()


@dataclass(frozen=True, slots=True)
class TermIndexes:
    """Techniques, materials and devices are looked for apart: one name may lie inside another."""

    techniques: TermIndex
    materials: TermIndex
    devices: TermIndex


def build_indexes(vocabulary: Vocabulary, normaliser: Normaliser) -> TermIndexes:
    """The automata of techniques, materials and chain triggers."""
    found = TermIndexes(TermIndex(), TermIndex(), TermIndex())
    for kind, terms, index in (
        ("technique", vocabulary.techniques, found.techniques),
        ("material", vocabulary.materials, found.materials),
    ):
        for term in terms.values():
            if not term.deprecated:
                _add_term(index, normaliser, term, kind)
        _add_special(index, normaliser, vocabulary.raw[f"{kind}s"], kind)
    for chain in vocabulary.chains.values():
        for group, words in chain.triggers.items():
            for word in words:
                entry = Entry("chain", chain.id, "device", _code(word, group))
                _add(found.devices, normaliser, word, entry)
    for index in (found.techniques, found.materials, found.devices):
        index.close()
    return found


def _add_special(
    index: TermIndex, normaliser: Normaliser, raw: Mapping[str, Any], kind: str
) -> None:
    """Words that need their context, and words that are no terms at all."""
    for item in raw.get("ambiguous", ()):
        _add(index, normaliser, item["term"], Entry("ambiguous", item["term"], kind))
    for word in raw.get("not_terms", ()):
        _add(index, normaliser, word, Entry("blocked", word, "blocked"))


def _code(word: str, group: str) -> str:
    return word if group == "abbr" or (word.isascii() and word.isupper() and len(word) <= 6) else ""


def _add_term(index: TermIndex, normaliser: Normaliser, term: Term, kind: str) -> None:
    context = set(term.context_abbr)
    for word in (term.zh, term.en, *term.alt_zh, *term.alt_en, *term.zh_hant):
        if word in context:
            continue
        plain = re.sub(r"\s*\([^)]*\)", "", word).strip() or word
        code = word if word.isascii() and _SHORT_CODE.match(word) and word.upper() == word else ""
        for variant in {word, plain}:
            _add(index, normaliser, variant, Entry(kind, term.id, "term", code))
    for word in term.abbr:
        rule = "context-abbr" if word in context else "abbr"
        _add(index, normaliser, word, Entry(kind, term.id, rule, word))
    for word in context - set(term.abbr):
        _add(index, normaliser, word, Entry(kind, term.id, "context-abbr", word))


def _add(index: TermIndex, normaliser: Normaliser, word: str, entry: Entry) -> None:
    for taiwan in (False, True):
        key = normaliser.key(word, taiwan=taiwan)
        if key:
            index.add(key, entry)


def stems(vocabulary: Vocabulary, normaliser: Normaliser) -> dict[str, str]:
    """Test synonyms without their suffix (插损 for 插损测试), and what they ask for."""
    stop: set[str] = set()
    for rule in vocabulary.raw["techniques"].get("matching_rules", ()):
        stop |= set(rule.get("stem_stop", ()))
    found: dict[str, str] = {}
    for technique in vocabulary.techniques.values():
        if technique.category != "test":
            continue
        for word in (technique.zh, technique.en, *technique.alt_zh, *technique.alt_en):
            stem = _TEST_SUFFIX.sub("", word)
            short = stem.isascii() and (len(stem) < 6 or stem.lower() in _ENGLISH_STEM_STOP)
            if stem != word and len(stem) >= 2 and stem not in stop and not short:
                found.setdefault(normaliser.key(stem), technique.id)
    return found


class Resolver:
    """Decides what an ambiguous spelling means from the words around it."""

    def __init__(self, vocabulary: Vocabulary, normaliser: Normaliser) -> None:
        self._vocabulary = vocabulary
        self._ambiguous: dict[str, Mapping[str, Any]] = {}
        self._cues: dict[str, dict[str, tuple[str, ...]]] = {}
        for kind in ("techniques", "materials"):
            for item in vocabulary.raw[kind].get("ambiguous", ()):
                term = normaliser.key(item["term"])
                self._ambiguous[term] = item
                self._cues[term] = {
                    k: tuple(normaliser.key(str(c)) for c in words)
                    for k, words in item.get("cues", {}).items()
                }

    def resolve(
        self, text: str, folded: str, raw: Iterable[tuple[int, int, list[Entry]]]
    ) -> list[Mention]:
        """One mention for each match, with alternatives where context does not decide."""
        matches = list(raw)
        branches = [(i, self._branches(entries)) for i, _, entries in matches]
        found: list[Mention] = []
        for i, j, entries in matches:
            mention = self._one(text, folded, i, j, entries, branches)
            found += mention
        return found

    def _branches(self, entries: Iterable[Entry]) -> frozenset[str]:
        return frozenset(
            e.id.split(".")[0]
            for e in entries
            if e.kind == "technique" and e.rule != "context-abbr"
        )

    def _one(
        self, text: str, folded: str, i: int, j: int, entries: list[Entry],
        branches: list[tuple[int, frozenset[str]]],
    ) -> list[Mention]:  # fmt: skip
        if any(e.kind == "blocked" for e in entries):
            return []
        found = [Mention("chain", e.id, i, j, "device", 0.9) for e in entries if e.kind == "chain"]
        rest = [e for e in entries if e.kind in ("technique", "material")]
        if any(e.kind == "ambiguous" for e in entries) or (
            len(rest) > 1 and folded[i:j] in self._ambiguous
        ):
            return found + self._ambiguous_term(folded, i, j, rest)
        sure = [e for e in rest if e.rule != "context-abbr" or self._near_branch(e, i, branches)]
        for kind in ("technique", "material"):
            same = [e for e in sure if e.kind == kind]
            if same and not (kind == "material" and not _material_stands(folded, i, j)):
                found.append(self._chosen(kind, same, i, j))
        return found

    def _chosen(self, kind: str, same: list[Entry], i: int, j: int) -> Mention:
        rule = "term" if same[0].rule == "term" else "abbr"
        return Mention(
            kind, same[0].id, i, j, rule, 0.95 if len(same) == 1 else 0.7,
            tuple(e.id for e in same[1:]),
        )  # fmt: skip

    def _near_branch(
        self, entry: Entry, at: int, branches: list[tuple[int, frozenset[str]]]
    ) -> bool:
        branch = entry.id.split(".")[0]
        low = bisect_left(branches, at - _ABBR_REACH, key=itemgetter(0))
        high = bisect_left(branches, at + _ABBR_REACH + 1, key=itemgetter(0))
        return any(i != at and branch in ids for i, ids in branches[low:high])

    def _ambiguous_term(self, folded: str, i: int, j: int, rest: list[Entry]) -> list[Mention]:
        term = folded[i:j]
        item = self._ambiguous.get(term)
        if item is None:
            return []
        nearest = self._nearest(folded, i, j, self._cues[term])
        candidates = tuple(str(c) for c in item.get("candidates", ()))
        chosen = nearest or item.get("default")
        if chosen is None and len(candidates) > 1 and all(map(self._is_term, candidates)):
            return [Mention(UNCLEAR, "", i, j, "context", 0.0, candidates)]
        if chosen is None or not self._is_term(chosen):
            return []
        kind = "technique" if chosen in self._vocabulary.techniques else "material"
        confidence = 0.9 if nearest or len(candidates) == 1 else 0.6
        others = tuple(c for c in candidates if c != chosen) if not nearest else ()
        return [Mention(kind, chosen, i, j, "context", confidence, others)]

    def _is_term(self, term_id: str) -> bool:
        return term_id in self._vocabulary.techniques or term_id in self._vocabulary.materials

    def _nearest(
        self, folded: str, i: int, j: int, cues: Mapping[str, tuple[str, ...]]
    ) -> str | None:
        """The candidate whose cue stands closest to the term."""
        low, high = max(0, i - _CUE_REACH), min(len(folded), j + _CUE_REACH)
        best: tuple[int, str] | None = None
        for candidate, words in cues.items():
            for word in words:
                gap = _distance(folded, word, low, i, j, high)
                if gap is not None and (best is None or gap < best[0]):
                    best = (gap, candidate)
        return best[1] if best else None


def _distance(text: str, word: str, low: int, i: int, j: int, high: int) -> int | None:
    before = text.rfind(word, low, i)
    after = text.find(word, j, high)
    gaps = [i - before - len(word)] if before >= 0 else []
    if after >= 0:
        gaps.append(after - j)
    return min(gaps) if gaps else None


def _material_stands(folded: str, i: int, j: int) -> bool:
    """A one-character material (硅, 锗) counts only before a word such as 片 or 衬底."""
    return j - i > 1 or bool(_SINGLE_OK.match(folded, j))


def with_stems(
    folded: str, mentions: Sequence[Mention], stem_index: tuple[Any, list[str], Mapping[str, str]],
    allowed: Any,
) -> list[Mention]:  # fmt: skip
    """Add test stems (测插损) where `allowed(start, end)` says a verb of testing governs them."""
    automaton, patterns, ids = stem_index
    taken = Taken(len(folded))
    for mention in mentions:
        if mention.kind == "technique":
            taken.add(mention.start, mention.end)
    added = []
    for index, i, j in automaton.find_matches_as_indexes(folded):
        if taken.overlaps(i, j) or not bounded(folded, i, j):
            continue
        if allowed(i, j, ids[patterns[index]]):
            added.append(Mention("technique", ids[patterns[index]], i, j, "test-stem", 0.8))
    return added


def dropped_parents(mentions: Sequence[Mention], vocabulary: Vocabulary) -> list[Mention]:
    """Without the mentions whose narrower term is also mentioned, and without repeats."""
    ids = {m.id for m in mentions}
    broad = {a for i in ids for a in vocabulary.ancestors(i)}
    seen: set[str] = set()
    kept: list[Mention] = []
    for mention in sorted(mentions, key=lambda m: m.start):
        if mention.id not in broad and mention.id not in seen:
            seen.add(mention.id)
            kept.append(mention)
    return kept


def rated(mention: Mention, confidence: float, rule: str | None = None) -> Mention:
    """The mention with another confidence and, where given, another rule."""
    return replace(mention, confidence=confidence, rule=rule or mention.rule)


def folded_text(text: str) -> str:
    """The form in which spellings are compared."""
    return fold_case(text)
