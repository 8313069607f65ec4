"""Techniques and materials recognised in text by any of their spellings, longest first."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ahocorasick_rs import AhoCorasick, MatchKind

from collab.search.analysis import BARRIER, fold, is_han, term_key
from collab.search.asked_words import asked_words
from collab.search.cutting import CutText
from collab.search.word_edges import cuts_a_word, speaks_of_measuring, speaks_of_tests
from collab.vocabulary.catalog import Term, Vocabulary, load_vocabulary
from collab.vocabulary.normalize import normalize_text

_RETRIES = 12
_SHORT = 3
_NANOMETRES = re.compile(r"(?<=\d)\s*纳米")
_MANNER = {"foundry", "equipment", "service", "compute"}  # plain words that say how, not what
_PROPERTIES = {"test", "metrology"}  # 低粗糙度 is a wish for the thing, unless it is to be measured
_TEST_ENDINGS = ("测试", "测量", "试验", "分析", "检测")


@dataclass(frozen=True, slots=True)
class Concept:
    """A term found at text[start:end] of the folded text; any one of `ids` may be meant.

    `weak` marks what is hardly known for the term: an abbreviation that is not one of its own
    name (HBM for an ESD test), or a `plain` word. An `act` is what is asked for; the rest of the
    query is its topic. `broad` stands at the top of the hierarchy (foundry, packaging, test).
    """

    ids: tuple[str, ...]
    start: int
    end: int
    technique: bool
    weak: bool = False
    act: bool = False
    plain: bool = False
    broad: bool = False


@dataclass(slots=True)
class _Entry:
    """What one canonical spelling may mean, and under which conditions it counts."""

    ids: list[str] = field(default_factory=list)
    exact: set[str] = field(default_factory=set)
    loose: bool = False
    context: bool = False
    stem: bool = False
    weak: bool = False
    cues: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    default: str | None = None
    ambiguous: bool = False
    asked: bool = False
    act: bool = False


def _abbreviates(short: str, term: Term) -> bool:
    """True when the letters stand in this order in one of the term's English names."""
    letters = [c for c in short.lower() if c.isalnum()]
    for name in (term.en, *term.alt_en):
        if short.lower() in name.lower():
            continue
        rest = iter(name.lower())
        if all(letter in rest for letter in letters):
            return True
    return False


def _stands_alone(entry: _Entry, surface: str) -> bool:
    """True for an abbreviation that a query without any other term may mean: QSFP, C4, but not lab.

    In small letters only those that are no ordinary short word.
    """
    return surface in entry.exact or len(surface) > _SHORT


def _weak(entry: _Entry, roots: set[str]) -> bool:
    if entry.asked:
        return not entry.act
    return (entry.weak and not entry.loose) or (entry.context and not roots)


class Recogniser:
    """Finds the vocabulary's techniques and materials in a text."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._entries: dict[str, _Entry] = {}
        for terms in (vocabulary.techniques, vocabulary.materials):
            for term in terms.values():
                if not term.deprecated:
                    self._add_term(term)
        self._add_stems()
        for name in ("techniques", "materials"):
            for entry in vocabulary.raw[name].get("ambiguous") or ():
                self._add_ambiguous(entry)
        self._below = {i for i in vocabulary.techniques if vocabulary.ancestors(i)}
        self._acts = {i for w in asked_words(vocabulary) if w.act for i in w.ids}
        self._add_asked()
        self._plain = {  # count and mean the same in whatever text they stand
            key for key, e in self._entries.items()
            if e.loose and not (e.context or e.ambiguous or e.stem) and is_han(key)
        }  # fmt: skip
        self._automata = {
            (tests, query): self._automaton(tests=tests, query=query)
            for tests in (False, True) for query in (False, True)
        }  # fmt: skip

    def _automaton(self, *, tests: bool, query: bool) -> tuple[list[str], AhoCorasick]:
        keys = [
            key for key, entry in self._entries.items()
            if (tests or not entry.stem) and (query or not entry.asked)
        ]  # fmt: skip
        return keys, AhoCorasick(keys, matchkind=MatchKind.LeftmostLongest)

    def _add_asked(self) -> None:
        for word in asked_words(self._vocabulary):
            key = term_key(word.spelling)
            if key not in self._entries or self._entries[key].stem:
                self._entries[key] = _Entry(
                    ids=list(word.ids), loose=True, asked=True, act=word.act, weak=not word.act,
                    cues={i: tuple(map(fold, cues)) for i, cues in word.cues.items()},
                    ambiguous=bool(word.cues),
                )  # fmt: skip

    def _add_term(self, term: Term) -> None:
        for spelling in (term.zh, term.en, *term.alt_zh, *term.alt_en, *term.zh_hant):
            self._entry(spelling, term.id).loose = True
            if (short := _NANOMETRES.sub("nm", spelling)) != spelling:
                self._entry(short, term.id).loose = True
        for spelling in term.abbr:
            if spelling not in term.context_abbr:
                entry = self._entry(spelling, term.id)
                entry.exact.add(normalize_text(spelling))
                entry.weak = not (entry.loose or _abbreviates(spelling, term))
        for spelling in term.context_abbr:
            entry = self._entry(spelling, term.id)
            entry.context = not entry.loose
            entry.exact.add(normalize_text(spelling))
        if term.id == term.id.lower() and "." not in term.id and "-" in term.id:
            self._entry(term.id, term.id).loose = True

    def _entry(self, spelling: str, term_id: str) -> _Entry:
        entry = self._entries.setdefault(term_key(spelling), _Entry())
        if term_id not in entry.ids:
            entry.ids.append(term_id)
        return entry

    def _add_stems(self) -> None:
        """Chinese names of tests also count without 测试 when the text speaks of testing."""
        stop = next(
            (set(rule["stem_stop"]) for rule in self._vocabulary.raw["techniques"]["matching_rules"]
             if "stem_stop" in rule), set(),
        )  # fmt: skip
        for technique in self._vocabulary.techniques.values():
            if technique.category != "test":
                continue
            for spelling in (technique.zh, *technique.alt_zh):
                for ending in _TEST_ENDINGS:
                    stem = spelling.removesuffix(ending)
                    if stem != spelling and len(stem) > 1 and stem not in stop:
                        self._add_stem(term_key(stem), technique.id)

    def _add_stem(self, key: str, term_id: str) -> None:
        entry = self._entries.get(key)
        if entry is None:
            self._entries[key] = _Entry(ids=[term_id], stem=True)
        elif entry.stem and term_id not in entry.ids:
            entry.ids.append(term_id)

    def _add_ambiguous(self, raw: Mapping[str, Any]) -> None:
        ids = [*raw.get("candidates", ()), *raw.get("material_candidates", ())]
        if not ids:
            return
        key = term_key(str(raw["term"]))
        known = self._entries.get(key)
        self._entries[key] = _Entry(
            ids=ids, loose=True, default=raw.get("default"),
            cues={i: tuple(fold(str(c)) for c in cs) for i, cs in (raw.get("cues") or {}).items()},
            ambiguous=True, exact=known.exact if known else set(),
        )  # fmt: skip

    def find(self, text: str, *, query: bool = False) -> list[Concept]:
        """Concepts in order. A query may write abbreviations small; a document may not."""
        return self.find_normal(normalize_text(text), query=query)

    def find_normal(self, normal: str, *, query: bool = False) -> list[Concept]:
        """The same for text that is normalised but keeps its capitals."""
        out: list[Concept] = []
        roots: set[str] = set()
        manner = _MANNER if speaks_of_measuring(normal.lower()) else _MANNER | _PROPERTIES
        for entry, ids, start, end in self._understood(normal, None, roots, query=query):
            technique = ids[0] in self._vocabulary.techniques
            out.append(Concept(
                ids, start, end, technique, _weak(entry, roots), self._act(ids),
                entry.asked and not entry.act, self._broad(entry, ids, manner),
            ))  # fmt: skip
        return out

    def spoken_of(
        self, normal: str, text: CutText | None = None
    ) -> list[tuple[tuple[str, ...], str]]:
        """Identifiers and written form of what a document speaks of; `text` is its folded form.

        Of spellings in Chinese that mean the same everywhere the form is not looked up.
        """
        folded = normal.lower()
        written = normal if len(folded) == len(normal) else folded
        return [
            (ids, written[start:end])
            for _, ids, start, end in self._understood(
                normal, text, set(), query=False, placed=False
            )
        ]

    def _understood(
        self,
        normal: str,
        text: CutText | None,
        roots: set[str],
        *,
        query: bool,
        placed: bool = True,
    ) -> list[tuple[_Entry, tuple[str, ...], int, int]]:
        """Spellings found with what they mean here; fills `roots` with those of sure terms."""
        folded = normal.lower()
        if len(folded) != len(normal):
            normal = folded
        found = self._found(normal, text or CutText(folded), query=query, placed=placed)
        for entry, _, _ in found:
            if not (entry.context or entry.ambiguous or entry.asked):
                roots.add(self._root(entry.ids[0]))
        out = []
        for entry, start, end in found:
            if entry.context or entry.ambiguous:
                ids = self._meaning(entry, (normal, folded), (start, end), roots, query)
            else:
                ids = tuple(entry.ids)
            if ids:
                out.append((entry, ids, start, end))
        return out

    def _found(
        self, normal: str, text: CutText, *, query: bool, placed: bool
    ) -> list[tuple[_Entry, int, int]]:
        line, place = text.line, text.place
        found: list[tuple[_Entry, int, int]] = []
        for key, i, j in self._matches(text, normal, query):
            entry = self._entries[key]
            if not placed and key in self._plain:
                found.append((entry, 0, 0))
                continue
            start = place(i + (line[i] == " "))
            end = place(j - 1) + (line[j - 1] != " ")
            if self._counts(entry, normal, (start, end), query):
                found.append((entry, start, end))
        return found

    def _matches(self, text: CutText, normal: str, query: bool) -> list[tuple[str, int, int]]:
        """Longest matches, except what is no spelling where it stands.

        That is a short Chinese one that cuts through a word (激光刻蚀, 光刻), and in a query the
        stem of a test that is two words there (硅光 晶圆级测试 has no 硅光晶圆级).
        """
        line = text.line
        keys, automaton = self._automata[speaks_of_tests(line, query=query), query]
        for _ in range(_RETRIES):
            matches = automaton.find_matches_as_indexes(line)
            across = next((
                m for m in matches if cuts_a_word(line, m[1], m[2])
                or (query and self._two_words(keys[m[0]], text, normal, m[1:]))
            ), None)  # fmt: skip
            if across is None:
                break
            line = line[: across[1]] + BARRIER + line[across[1] + 1 :]
        return [(keys[index], i, j) for index, i, j in matches]

    def _two_words(self, key: str, text: CutText, normal: str, span: tuple[int, int]) -> bool:
        """True for a stem, or a plain word, of Chinese characters with a blank in between."""
        entry = self._entries[key]
        if not (entry.stem or (entry.asked and is_han(key))):
            return False
        return " " in normal[text.place(span[0]) : text.place(span[1] - 1)]

    @staticmethod
    def _counts(entry: _Entry, normal: str, span: tuple[int, int], query: bool) -> bool:
        if entry.stem:
            if " " in normal[span[0] : span[1]]:
                return False  # 硅光 晶圆 are two words, no piece of 硅光晶圆测试
            around = normal[: span[0]] + BARRIER + normal[span[1] :]
            return speaks_of_tests(around, query=query)
        if entry.loose or not entry.exact:
            return True
        if entry.weak and not query:
            return False
        surface = normal[span[0] : span[1]]
        return surface in entry.exact or (query and len(surface) > 2)

    def _meaning(
        self,
        entry: _Entry,
        texts: tuple[str, str],
        span: tuple[int, int],
        roots: set[str],
        query: bool,
    ) -> tuple[str, ...]:
        """What a spelling of several meanings, or one that needs company, means in the text."""
        normal, folded = texts
        if entry.context:
            if query and not roots and _stands_alone(entry, normal[span[0] : span[1]]):
                return tuple(entry.ids)
            return tuple(i for i in entry.ids if self._root(i) in roots)
        around = folded[max(0, span[0] - 25) : span[0]] + "\n" + folded[span[1] : span[1] + 25]
        cued = [i for i in entry.ids if any(c in around for c in entry.cues.get(i, ()))]
        if len(cued) == 1:
            return (cued[0],)
        if entry.default is not None:
            return (str(entry.default),)
        others = entry.cues.keys() - {*entry.ids}  # 2um BOX is a thickness
        if not cued and any(c in around for other in others for c in entry.cues[other]):
            return ()
        return tuple(cued or entry.ids) if query else tuple(cued)

    def _broad(self, entry: _Entry, ids: tuple[str, ...], manner: set[str]) -> bool:
        """At the top of the hierarchy, or a plain word that says how rather than what."""
        roots = {self._root(i) for i in ids}
        if entry.asked and not entry.act and roots <= manner:
            return roots != {"foundry"} or len(ids) > 1 or ids[0] == "foundry"
        return self._below.isdisjoint(ids)

    def _act(self, ids: tuple[str, ...]) -> bool:
        return self._acts.issuperset(ids)

    def _root(self, term_id: str) -> str:
        return (term_id, *self._vocabulary.ancestors(term_id))[-1]


_made: dict[str, Recogniser] = {}


def recogniser_of(vocabulary: Vocabulary) -> Recogniser:
    """The recogniser of a vocabulary; the last two are kept, because making one takes a while."""
    found = _made.get(vocabulary.version)
    if found is None:
        found = Recogniser(vocabulary)
        for old in list(_made)[:-1]:
            _made.pop(old, None)  # another thread may have let it go meanwhile
        _made[vocabulary.version] = found
    return found


def default_recogniser() -> Recogniser:
    """The recogniser of the vocabulary the platform ships with."""
    return recogniser_of(load_vocabulary())
