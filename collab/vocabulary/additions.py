"""Synonyms and terms accepted by the secretariat, laid over the shipped vocabulary."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from collab.kernel.problems import Problem
from collab.vocabulary.catalog import Term, Vocabulary, VocabularyError, build
from collab.vocabulary.normalize import Normaliser

FAMILIES = ("techniques", "materials")
MAX_WORDS = 20
MAX_WORD = 80
_ID = re.compile(r"[a-z][a-z0-9-]*(?:\.[a-z0-9][a-z0-9-]*)*")
_INHERITED = ("category", "kind", "family", "cmos_line")


@dataclass(frozen=True, slots=True)
class Addition:
    """Further spellings of `term`; or, with `broader`, the new term itself below a known one."""

    term: str
    family: str = "techniques"
    broader: str = ""
    zh: str = ""
    en: str = ""
    words_zh: tuple[str, ...] = ()
    words_en: tuple[str, ...] = ()

    def words(self) -> tuple[str, ...]:
        """Every spelling it brings, labels first."""
        return tuple(w for w in (self.zh, self.en, *self.words_zh, *self.words_en) if w)


def with_additions(raw: Mapping[str, Any], additions: Iterable[Addition]) -> dict[str, Any]:
    """The parsed files with the additions; `raw` itself stays as it is."""
    found = {**raw, **{f: {**raw[f], f: list(raw[f][f])} for f in FAMILIES}}
    for addition in additions:
        entries = found[addition.family][addition.family]
        place = {e["id"]: i for i, e in enumerate(entries)}
        if addition.broader:
            entries.append(_new_entry(addition, entries[place[addition.broader]]))
        else:
            old = entries[place[addition.term]]
            entries[place[addition.term]] = {
                **old,
                "alt_zh": [*(old.get("alt_zh") or ()), *addition.words_zh],
                "alt_en": [*(old.get("alt_en") or ()), *addition.words_en],
            }
    return found


def _new_entry(addition: Addition, parent: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **{k: parent[k] for k in _INHERITED if k in parent},
        "id": addition.term, "zh": addition.zh, "en": addition.en, "broader": addition.broader,
        "alt_zh": list(addition.words_zh), "alt_en": list(addition.words_en),
    }  # fmt: skip


def version_of(base: str, additions: Sequence[Addition]) -> str:
    """The version of the shipped files, and a digest of what was laid over them."""
    if not additions:
        return base
    content = json.dumps([asdict(a) for a in additions], ensure_ascii=False, sort_keys=True)
    return f"{base[:12]}+{hashlib.sha256(content.encode()).hexdigest()[:6]}"


def laid_over(base: Vocabulary, additions: Iterable[Addition]) -> Vocabulary:
    """The vocabulary with every addition that still fits; one that no longer does is left out."""
    words, kept = fitting(base, additions)
    return build(words.raw, version_of(base.version, kept)) if kept else base


def fitting(base: Vocabulary, additions: Iterable[Addition]) -> tuple[Vocabulary, list[Addition]]:
    """The words of the additions that still fit one after the other, and these additions."""
    words = base
    kept: list[Addition] = []
    for addition in additions:
        if any(addition_problems(words, addition)):
            continue
        try:
            words = build(with_additions(words.raw, [addition]), base.version)
        except VocabularyError:
            continue
        kept.append(addition)
    return words, kept


def addition_problems(words: Vocabulary, addition: Addition) -> Iterator[Problem]:
    """Everything that speaks against an addition."""
    if addition.family not in FAMILIES:
        yield Problem("family", "unknown_choice", {"choice": addition.family})
        return
    terms: Mapping[str, Term] = getattr(words, addition.family)
    yield from _place_problems(words, terms, addition)
    yield from _word_problems(words, terms, addition)


def _place_problems(
    words: Vocabulary, terms: Mapping[str, Term], addition: Addition
) -> Iterator[Problem]:
    if not addition.broader:
        if addition.term not in terms:
            yield Problem("term", "unknown_term", {"term": addition.term})
        return
    if not _ID.fullmatch(addition.term) or len(addition.term) > 80:
        yield Problem("term", "vocabulary_id")
    if words.term(addition.term) is not None:
        yield Problem("term", "code_taken", {"value": addition.term})
    if addition.broader not in terms:
        yield Problem("broader", "unknown_term", {"term": addition.broader})
    for name in ("zh", "en"):
        if not getattr(addition, name):
            yield Problem(name, "required")


def _word_problems(
    words: Vocabulary, terms: Mapping[str, Term], addition: Addition
) -> Iterator[Problem]:
    spellings = addition.words()
    if not spellings:
        yield Problem("words_zh", "required")
    if len(spellings) > MAX_WORDS or any(len(w) > MAX_WORD for w in spellings):
        yield Problem("words_zh", "too_long", {"most": MAX_WORD})
        return
    owners = spelling_owners(words, addition.family)
    normaliser = _normaliser(words)
    seen: set[str] = set()
    for word in spellings:
        key = normaliser.key(word)
        owner = owners.get(key)
        field = "words_zh" if word in (addition.zh, *addition.words_zh) else "words_en"
        if len(key) < 2 or (key in seen and not addition.broader):
            yield Problem(field, "vocabulary_word", {"word": word})
        elif owner is not None:
            label = terms[owner].zh if owner in terms else owner
            yield Problem(field, "word_owned", {"word": word, "owner": label})
        seen.add(key)


def spelling_owners(words: Vocabulary, family: str) -> dict[str, str]:
    """Normalised spelling to the term (or list of the vocabulary) that holds it."""
    normaliser = _normaliser(words)
    terms: Mapping[str, Term] = getattr(words, family)
    found: dict[str, str] = {}
    for term in terms.values():
        for word in (*term.spellings(), *term.context_abbr):
            found.setdefault(normaliser.key(word), term.id)
    for item in words.raw[family].get("ambiguous", ()):
        found.setdefault(normaliser.key(str(item["term"])), "ambiguous")
    for word in words.raw[family].get("not_terms", ()):
        found.setdefault(normaliser.key(str(word)), "not_terms")
    return found


_normalisers: dict[str, Normaliser] = {}


def _normaliser(words: Vocabulary) -> Normaliser:
    """The normaliser of the shipped files, which additions never change."""
    key = words.version.split("+")[0]
    if key not in _normalisers:
        _normalisers.clear()
        _normalisers[key] = Normaliser(words.raw["normalisation"])
    return _normalisers[key]
