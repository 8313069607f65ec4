"""Numbers as people write them: separators, powers of ten, 万 and 亿, Chinese numerals."""

from __future__ import annotations

import re

_DIGITS = {c: v for v, c in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}
_SCALES = {"十": 10, "百": 100, "千": 1000}
_GROUPS = {"万": 1e4, "亿": 1e8, "千万": 1e7, "百万": 1e6, "十万": 1e5, "千": 1e3, "百": 1e2}
CHINESE = "[零〇一二两三四五六七八九十百千半]"
ENGLISH = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "fifteen": 15, "sixteen": 16,
    "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "hundred": 100,
    "dozen": 12,
}  # fmt: skip

NUMBER = re.compile(
    r"(?P<base>\d{1,3}(?:,\d{3}){1,5}(?:\.\d+)?(?![\d])|\d{1,3}(?: \d{3}){1,5}"
    r"(?![\d.A-Za-z])|\d+(?:\.\d+)?|(?<![\d.])\.\d+)"
    r"(?P<power>\s?[×xX*·]\s?10\s?(?:\^\s?[-+]?|[-+])\d{1,2}(?!\d)"
    # a power that lost its raised figures (5×1014), never one side of a grid (1920×1080, 8×1024)
    r"|(?:(?<!\d\d)|(?<=\.\d\d)|(?<=\.\d\d\d))\s?[×xX*·]\s?10(?:1\d|2[0-2])(?!\d)"
    r"|[eE][-+]?\d{1,2}(?![0-9])"
    r"|\^[-+]?\d{1,2})?"
    r"(?P<group>百万|千万|十万|[万亿]|[百千](?=[片颗只个套件人万]))?"
)
CHINESE_NUMBER = re.compile(rf"(?P<zh>{CHINESE}{{1,7}})(?P<group>[万亿])?")


def number_value(match: re.Match[str]) -> float:
    """The value of a NUMBER match."""
    base = match["base"].replace(",", "").replace(" ", "")
    value = float(base)
    power = match["power"]
    if power:
        value = _powered(value, power.replace(" ", ""))
    return value * _GROUPS.get(match["group"] or "", 1.0)


def _powered(value: float, power: str) -> float:
    if power[0] in "eE":
        exponent = int(power[1:])
        return float(f"{value!r}e{exponent}")
    exponent = int(re.sub(r"^[×xX*·]10\^?|^\^", "", power) or 0)
    if power[0] == "^":
        return float(f"1e{exponent}") if value == 10 else value**exponent
    return float(f"{value!r}e{exponent}")


def chinese_value(text: str, group: str | None = None) -> float | None:
    """The value of a Chinese numeral such as 十二 or 三百; None when it is not one."""
    if text == "半":
        return 0.5
    total, current = 0.0, None
    for char in text:
        if char in _DIGITS:
            if current not in (None, 0):
                return None
            current = _DIGITS[char]
        elif char in _SCALES:
            total += (1 if current is None else current) * _SCALES[char]
            current = None
        else:
            return None
    total += current or 0
    return total * _GROUPS.get(group or "", 1.0)
