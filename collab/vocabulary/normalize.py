"""Text brought to one spelling (width, script, regional words, typos) with the way back to it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import opencc
import yaml
from ahocorasick_rs import AhoCorasick, MatchKind

from collab.vocabulary.catalog import VOCAB_DIR

Edit = tuple[int, int, str]

_CJK = "\u3400-\u9fff"
_INVISIBLE = frozenset("\u00ad\u200b\u200c\u200d\u2060\ufeff\u200e\u200f")
_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_SUPERSCRIPTS = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+", strict=True))
_SPECIAL = {
    "≦": "≤", "≧": "≥", "⩽": "≤", "⩾": "≥", "﹤": "<", "﹥": ">", "＜": "<", "＞": ">",
    "″": '"', "＂": '"', "”": '"', "“": '"', "„": '"', "‘": "'", "’": "'", "′": "'",
    "－": "-", "−": "-", "‐": "-", "‑": "-", "﹣": "-", "⁃": "-",
    "∼": "~", "〜": "~", "～": "~", "˜": "~", "╳": "×", "✕": "×", "✖": "×", "＊": "*",
    "⋅": "·", "∙": "·", "・": "·", "•": "·", "¥": "¥", "￥": "¥", "½": "0.5",
    "℉": "°F", "\x00": " ", "Ω": "Ω", "㏀": "kΩ", "⼀": "一", "。": "。",
}  # fmt: skip
_DASH_RANGE = re.compile(
    rf"(?<=\d)( ?(?:[A-Za-zμ°%Ω\"/]{{1,8}}|[{_CJK}]{{1,3}})?) ?[–—―]{{1,2}} ?(?=[-+]?\d)"
)
_DASH_MINUS = re.compile(r"(?<![0-9A-Za-z])[–—](?=\d)")
_DASH_WORD = re.compile(r"(?<=[A-Za-z0-9])[–—](?=[A-Za-z])")
_BLANKS = re.compile(r"[ \t\u00a0\u3000]{2,}")
# these two look back after the character, not before: so a search skips to it
_CJK_GAP = re.compile(
    rf"[ \t](?:(?<=[{_CJK}][ \t])(?=[0-9A-Za-z≤≥<>±~])|(?<=[0-9A-Za-z%°\"][ \t])(?=[{_CJK}]))"
)
_ISATION = re.compile(r"isation(?<=[a-z]{3}isation)(?=s?\b)")
_HYPHEN = re.compile(r"(?<=[a-z0-9])-(?=[a-z])|(?<=[a-z])-(?=[a-z0-9])")
_KEY_GAP = re.compile(rf"(?<=[{_CJK}]) +| +(?=[{_CJK}])")
_EDGE_GAP = re.compile(r"\s+")
_POWERS = re.compile(f"[{''.join(_SUPERSCRIPTS)}]")
_FOLDED = re.compile("[^ -~\n\u4e00-\u9fff]")  # what `_fold` may replace; it keeps all others
_MOST_FOLDS = 65_536


@dataclass(frozen=True, slots=True)
class Normalized:
    """A text in one spelling; character k came from `source[starts[k]:ends[k]]`."""

    source: str
    text: str
    starts: Sequence[int]
    ends: Sequence[int]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The half-open span of the source that text[start:end] was made from."""
        if not self.text:
            return (0, 0)
        if end <= start:
            at = self.starts[min(start, len(self.starts) - 1)]
            return (at, at)
        return (self.starts[start], max(self.ends[start:end]))


@lru_cache(maxsize=1)
def _converter() -> Any:
    return opencc.OpenCC("t2s")


@lru_cache(maxsize=65536)
def _fold(char: str) -> str:
    if char in _SPECIAL:
        return _SPECIAL[char]
    if char in _INVISIBLE or char in _BIDI:
        return ""
    if "\ud800" <= char <= "\udfff":
        return "\ufffd"
    if "①" <= char <= "⑳" or "❶" <= char <= "❿":
        return ";"
    folded = unicodedata.normalize("NFKC", char)
    return folded if folded.strip() else " " if folded and folded != "\n" else folded


def _fold_all(source: str) -> tuple[str, list[int], list[int]]:
    """NFKC character by character, with superscripts kept as powers."""
    pieces: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    power = False
    previous = ""
    for at, char in enumerate(source):
        if char in _SUPERSCRIPTS:
            new = _SUPERSCRIPTS[char]
            if not power and previous.isdigit():
                new = "^" + new
            power = True
        else:
            new = char if " " <= char <= "~" or char == "\n" else _fold(char)
            power = False
        for _ in new:
            starts.append(at)
            ends.append(at + 1)
        pieces.append(new)
        previous = new[-1:] or previous
    return "".join(pieces), starts, ends


class _Folds(dict[int, str]):
    """What each character is replaced by, found once per character."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        new = char if " " <= char <= "~" or char == "\n" else _fold(char)
        if len(self) < _MOST_FOLDS:
            self[code] = new
        return new


_FOLDS = _Folds()


def _fold_text(source: str) -> str:
    """The text of `_fold_all`, in one pass of the interpreter where no powers are written."""
    if _POWERS.search(source):
        return _fold_all(source)[0]
    return _FOLDED.sub(_folded, source)


def _folded(match: re.Match[str]) -> str:
    return _FOLDS[ord(match[0])]


def _matched(pattern: re.Pattern[str], new: str, text: str) -> list[Edit]:
    return [(m.start(), m.end(), new) for m in pattern.finditer(text)]


def _replaced(text: str, edits: Sequence[Edit]) -> str:
    """The text of `_apply`."""
    if not edits:
        return text
    out: list[str] = []
    at = 0
    for i, j, new in edits:
        out += (text[at:i], new)
        at = j
    return "".join((*out, text[at:]))


def _apply(state: tuple[str, list[int], list[int]], edits: Iterable[Edit]) -> Any:
    """Replace spans of the text; a replacement of another length maps to the whole span."""
    text, starts, ends = state
    out: list[str] = []
    new_starts: list[int] = []
    new_ends: list[int] = []
    at = 0
    for i, j, new in edits:
        out.append(text[at:i])
        new_starts += starts[at:i]
        new_ends += ends[at:i]
        if len(new) == j - i:
            new_starts += starts[i:j]
            new_ends += ends[i:j]
        elif j > i:
            new_starts += [starts[i]] * len(new)
            new_ends += [ends[j - 1]] * len(new)
        out.append(new)
        at = j
    if not out:
        return state
    out.append(text[at:])
    return "".join(out), new_starts + starts[at:], new_ends + ends[at:]


class _Replacer:
    """Longest-first replacement of many words in one pass, with words that forbid a match."""

    def __init__(self, entries: Iterable[Mapping[str, Any]], *, words: bool = False) -> None:
        self._words = words
        rules: dict[str, Mapping[str, Any]] = {}
        for entry in entries:
            rules.setdefault(entry["from"], entry)
        for target in [e["to"] for e in rules.values() if e["from"] in e["to"]]:
            rules.setdefault(target, {"from": target, "to": target})
        self._rules = list(rules.values())
        patterns = [e["from"] for e in self._rules]
        self._automaton = AhoCorasick(patterns, matchkind=MatchKind.LeftmostLongest)

    def replaced(self) -> list[str]:
        """The words that may be replaced."""
        return [str(rule["from"]) for rule in self._rules if rule["from"] != rule["to"]]

    def edits(self, text: str, folded: str | None = None) -> list[Edit]:
        """The replacements to make in `text`; `folded` is what is compared (same length)."""
        haystack = folded or text
        found: list[Edit] = []
        for index, i, j in self._automaton.find_matches_as_indexes(haystack):
            rule = self._rules[index]
            if rule["from"] != rule["to"] and self._allowed(rule, haystack, i, j):
                new = str(rule["to"])
                found.append((i, j, new.capitalize() if text[i].isupper() else new))
        return found

    def _allowed(self, rule: Mapping[str, Any], text: str, i: int, j: int) -> bool:
        before, after = text[i - 1 : i], text[j : j + 1]
        if self._words and not (_outside(before) and _outside(after)):
            return False
        return not (
            (before and before in rule.get("unless_after", ""))
            or (after and after in rule.get("unless_before", ""))
        )


def _outside(char: str) -> bool:
    return not (char.isascii() and char.isalnum())


def _lower(text: str) -> str:
    """Lower case of the same length."""
    low = text.lower()
    if len(low) == len(text):
        return low
    return "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


class Normaliser:
    """The pipeline of normalisation.yaml: width, script, regional words, typos, spelling."""

    def __init__(self, tables: Mapping[str, Any]) -> None:
        chars = tables["t2s_chars"]
        self._chars = str.maketrans(dict(zip(chars["from"], chars["to"], strict=True)))
        self._written = re.compile(f"[{re.escape(chars['from'])}]")
        self._phrases = _Replacer([*tables["phrases_tw"], *tables["typos_zh"]])
        self._taiwan = _Replacer(
            [*tables.get("phrases_tw_only", ()), *tables["phrases_tw"], *tables["typos_zh"]]
        )
        self._evidence = AhoCorasick([str(w) for w in tables.get("taiwan_evidence", ["雷射"])])
        self._spelling = _Replacer(tables["spelling_en"])
        self._typos = _Replacer(tables["typos_en"], words=True)
        replacers = (self._phrases, self._taiwan, self._spelling, self._typos)
        written = {_lower(word) for replacer in replacers for word in replacer.replaced()}
        self._any = AhoCorasick(sorted(written))

    def normalize(self, source: str, *, taiwan: bool | None = None) -> Normalized:
        """The text in one spelling. `taiwan` forces or forbids the words only Taiwan uses."""
        state: tuple[str, list[int], list[int]] = _fold_all(source)
        state = _apply(state, self._punctuation(state[0]))
        state = (self._simplify(state[0]), state[1], state[2])
        for edits in self._spellings(taiwan):
            state = _apply(state, edits(state[0]))
        return Normalized(source, *state)

    def text(self, source: str, *, taiwan: bool | None = None) -> str:
        """The text of `normalize` without the way back, many times faster."""
        text = _fold_text(source)
        text = self._simplify(_replaced(text, self._punctuation(text)))
        text = _CJK_GAP.sub("", _BLANKS.sub(" ", text))
        low = _lower(text)
        if "isation" not in low and not self._any.find_matches_as_indexes(low):
            return text  # nothing in it is ever replaced
        for edits in self._spellings(taiwan)[2:]:
            text = _replaced(text, edits(text))
        return text

    def _spellings(self, taiwan: bool | None) -> tuple[Callable[[str], list[Edit]], ...]:
        """What is replaced once width and script are one, pass by pass."""

        def regional(text: str) -> list[Edit]:
            words = self._evidence.find_matches_as_indexes(text) if taiwan is None else taiwan
            return (self._taiwan if words else self._phrases).edits(text)

        return (
            partial(_matched, _BLANKS, " "),
            partial(_matched, _CJK_GAP, ""),
            regional,
            lambda text: self._spelling.edits(text, _lower(text)),
            partial(_matched, _ISATION, "ization"),
            lambda text: self._typos.edits(text, _lower(text)),
        )

    def key(self, term: str, *, taiwan: bool = False) -> str:
        """The canonical form under which a term is stored and looked up."""
        text = fold_case(self.text(term, taiwan=taiwan))
        return _KEY_GAP.sub("", _EDGE_GAP.sub(" ", text).strip())

    def _simplify(self, text: str) -> str:
        if text.isascii():
            return text
        converted: str = _converter().convert(text)
        if len(converted) != len(text):
            converted = "".join(_simple_char(c) for c in text)
        return converted.translate(self._chars) if self._written.search(converted) else converted

    @staticmethod
    def _punctuation(text: str) -> list[Edit]:
        if "–" not in text and "—" not in text and "―" not in text:
            return []
        found = {m.start(): (m.end(1), m.end(), "~") for m in _DASH_RANGE.finditer(text)}
        for pattern in (_DASH_MINUS, _DASH_WORD):
            for m in pattern.finditer(text):
                if not any(i <= m.start() < j for i, j, _ in found.values()):
                    found[m.start()] = (m.start(), m.end(), "-")
        return sorted(found.values())


def simplified(text: str) -> str:
    """`text` in simplified characters, whatever script it was written in."""
    converted: str = text if text.isascii() else _converter().convert(text)
    return converted


@lru_cache(maxsize=65536)
def _simple_char(char: str) -> str:
    converted: str = _converter().convert(char)
    return converted if len(converted) == 1 else char


def fold_case(text: str) -> str:
    """The form in which terms are compared, same length: lower case, hyphen as a space."""
    return _HYPHEN.sub(" ", _lower(text))


@lru_cache(maxsize=1)
def default_normaliser() -> Normaliser:
    """The pipeline of the vocabulary the platform ships with."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    content = (VOCAB_DIR / "normalisation.yaml").read_bytes()
    return Normaliser(yaml.load(content, Loader=loader))  # noqa: S506 - both loaders are safe ones


def normalize(text: str) -> Normalized:
    """`text` in one spelling, with the way back to it."""
    return default_normaliser().normalize(text)


def normalize_text(text: str) -> str:
    """`text` in one spelling: width, script, regional words, frequent typos."""
    return default_normaliser().text(text)


def key(term: str) -> str:
    """The canonical form of a term or query: one spelling, lower case, hyphens as spaces."""
    return default_normaliser().key(term)
