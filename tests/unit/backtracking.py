"""A regular-expression matcher that counts its steps, to test backtracking without a clock.

It walks the parse tree of the standard library the way a backtracking matcher does, without the
short cuts of the real one: whatever is bounded here is bounded there.
"""

from __future__ import annotations

import re
import re._constants as op
import re._parser as parser
from collections.abc import Iterator
from typing import Any


class TooManySteps(Exception):
    """The pattern went on and on."""


class Counter:
    """Matches one pattern at the beginning of a text and counts."""

    def __init__(self, pattern: re.Pattern[str], most: int) -> None:
        self.tree = list(parser.parse(pattern.pattern, pattern.flags & ~re.DEBUG))
        self.fold = bool(pattern.flags & re.IGNORECASE)
        self.most = most
        self.steps = 0

    def count(self, text: str, *, whole: bool = False) -> int:
        """The steps of a match at the beginning of a text, or of a match of the whole of it."""
        self.steps, self.text = 0, text
        for end in self._seq(self.tree, 0, 0):
            if not whole or end == len(text):
                break
        return self.steps

    def _seq(self, nodes: list[Any], index: int, at: int) -> Iterator[int]:
        self.steps += 1
        if self.steps > self.most:
            raise TooManySteps
        if index == len(nodes):
            yield at
            return
        for end in self._node(*nodes[index], at):
            yield from self._seq(nodes, index + 1, end)

    def _node(self, kind: Any, argument: Any, at: int) -> Iterator[int]:
        if kind in (op.LITERAL, op.NOT_LITERAL, op.ANY, op.IN, op.CATEGORY, op.RANGE):
            if at < len(self.text) and self._char(kind, argument, self.text[at]):
                yield at + 1
        elif kind is op.BRANCH:
            for branch in argument[1]:
                yield from self._seq(list(branch), 0, at)
        elif kind is op.SUBPATTERN:
            yield from self._seq(list(argument[3]), 0, at)
        elif kind is op.ATOMIC_GROUP:
            yield from list(self._seq(list(argument), 0, at))[:1]
        elif kind in (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT):
            yield from self._repeat(kind, argument, at, 0)
        elif kind in (op.ASSERT, op.ASSERT_NOT):
            if self._looks(argument, at) is (kind is op.ASSERT):
                yield at
        elif kind is op.AT:
            if self._stands(argument, at):
                yield at
        elif kind is op.GROUPREF_EXISTS or kind is op.GROUPREF:
            yield at
        else:
            raise NotImplementedError(kind)

    def _repeat(self, kind: Any, argument: Any, at: int, done: int) -> Iterator[int]:
        low, high, body = argument
        if kind is op.MIN_REPEAT and done >= low:
            yield at
        if done < high:
            for end in self._seq(list(body), 0, at):
                if end > at:
                    yield from self._repeat(kind, argument, end, done + 1)
        if kind is not op.MIN_REPEAT and done >= low:
            yield at

    def _looks(self, argument: Any, at: int) -> bool:
        ahead, body = argument
        start = at if ahead > 0 else at - body.getwidth()[0]
        if start < 0:
            return False
        return any(ahead > 0 or end == at for end in self._seq(list(body), 0, start))

    def _stands(self, place: Any, at: int) -> bool:
        word = [
            0 <= i < len(self.text) and (self.text[i].isalnum() or self.text[i] == "_")
            for i in (at - 1, at)
        ]
        if place in (op.AT_BOUNDARY, op.AT_UNI_BOUNDARY):
            return word[0] != word[1]
        if place in (op.AT_NON_BOUNDARY, op.AT_UNI_NON_BOUNDARY):
            return word[0] == word[1]
        if place in (op.AT_BEGINNING, op.AT_BEGINNING_STRING):
            return at == 0
        if place is op.AT_BEGINNING_LINE:
            return at == 0 or self.text[at - 1] == "\n"
        return at == len(self.text) or self.text[at] == "\n"

    def _char(self, kind: Any, argument: Any, char: str) -> bool:
        if kind is op.ANY:
            return char != "\n"
        if kind is op.LITERAL:
            return self._same(argument, char)
        if kind is op.NOT_LITERAL:
            return not self._same(argument, char)
        if kind is op.RANGE:
            return any(argument[0] <= ord(c) <= argument[1] for c in self._cases(char))
        if kind is op.CATEGORY:
            return _category(argument, char)
        negated = argument[0][0] is op.NEGATE
        found = any(self._char(k, a, char) for k, a in argument[negated:])
        return found is not negated

    def _same(self, code: int, char: str) -> bool:
        return any(chr(code) == c for c in self._cases(char))

    def _cases(self, char: str) -> set[str]:
        cases = {char, char.lower(), char.upper()} if self.fold else {char}
        return {c for c in cases if len(c) == 1}


def _category(which: Any, char: str) -> bool:
    name = str(which)
    known = {
        "DIGIT": char.isdigit(),
        "SPACE": char.isspace(),
        "WORD": char.isalnum() or char == "_",
    }
    found = known[name.rsplit("_", 1)[-1]]
    return found is not ("NOT" in name)


def letters(pattern: re.Pattern[str], most: int = 14) -> list[str]:
    """Characters the pattern speaks of, for hostile texts."""
    found: dict[str, None] = {}

    def walk(nodes: Any) -> None:
        for kind, argument in nodes:
            if kind is op.LITERAL:
                found[chr(argument)] = None
            elif kind is op.RANGE:
                found[chr(argument[0])] = None
            elif kind is op.CATEGORY:
                found["1" if "DIGIT" in str(argument) else " "] = None
            elif kind is op.IN:
                walk(argument)
            elif kind is op.BRANCH:
                for branch in argument[1]:
                    walk(branch)
            elif kind in (op.MAX_REPEAT, op.MIN_REPEAT, op.SUBPATTERN):
                walk(argument[-1])

    walk(parser.parse(pattern.pattern, pattern.flags))
    return list(found)[:most]


def nested(pattern: re.Pattern[str]) -> list[str]:
    """Endless repeats inside endless repeats: the shape of exponential backtracking."""
    found: list[str] = []

    def walk(nodes: Any, inside: bool) -> None:
        for kind, argument in nodes:
            if kind in (op.MAX_REPEAT, op.MIN_REPEAT):
                endless = argument[1] is op.MAXREPEAT
                if endless and inside:
                    found.append(str(argument[2])[:80])
                walk(argument[2], inside or endless)
            elif kind is op.BRANCH:
                for branch in argument[1]:
                    walk(branch, inside)
            elif kind is op.SUBPATTERN:
                walk(argument[3], inside)
            elif kind in (op.ASSERT, op.ASSERT_NOT):
                walk(argument[1], inside)

    walk(parser.parse(pattern.pattern, pattern.flags), False)
    return found


def lures(pattern: re.Pattern[str], size: int) -> list[str]:
    """Texts that lead the pattern to each of its long repeats, feed it there and then fail it."""
    found: dict[str, None] = {}

    def walk(nodes: list[Any], before: str) -> None:
        for kind, argument in nodes:
            if kind in (op.MAX_REPEAT, op.MIN_REPEAT):
                one = list(argument[2])
                if argument[1] > 3:
                    bodies = [_sample(one), *(_sample([n]) for n in one)]
                    for body in filter(None, bodies):
                        found[before + (body * size)[:size] + "\x00"] = None
                walk(one, before)
            elif kind is op.BRANCH:
                for branch in argument[1]:
                    walk(list(branch), before)
            elif kind is op.SUBPATTERN:
                walk(list(argument[3]), before)
            before += _sample([(kind, argument)])

    walk(list(parser.parse(pattern.pattern, pattern.flags & ~re.DEBUG)), "")
    return list(found)


def _sample(nodes: list[Any]) -> str:
    """A short text that the nodes match."""
    text = ""
    for kind, argument in nodes:
        if kind is op.LITERAL:
            text += chr(argument)
        elif kind in (op.IN, op.ANY, op.NOT_LITERAL):
            text += _member(kind, argument)
        elif kind in (op.MAX_REPEAT, op.MIN_REPEAT):
            text += _sample(list(argument[2])) * argument[0]
        elif kind is op.BRANCH:
            text += _sample(list(argument[1][0]))
        elif kind is op.SUBPATTERN:
            text += _sample(list(argument[3]))
    return text


def _member(kind: Any, argument: Any) -> str:
    """A character that a class holds."""
    counter = Counter(re.compile(""), 0)
    said = [chr(a if k is op.LITERAL else a[0]) for k, a in _plain(kind, argument)]
    tried = [*said, *"a1 光-A_x,.("]
    return next((c for c in tried if counter._char(kind, argument, c)), "")


def _plain(kind: Any, argument: Any) -> list[Any]:
    return [n for n in argument if n[0] in (op.LITERAL, op.RANGE)] if kind is op.IN else []
