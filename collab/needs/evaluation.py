"""How well texts are read: precision, recall and F1 against annotated needs, every miss named."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from collab.needs.extraction import extract
from collab.vocabulary.catalog import Vocabulary

_CLASS = {
    "lt": "le",
    "le": "le",
    "gt": "ge",
    "ge": "ge",
    "approx": "eq",
    "eq": "eq",
    "in": "in",
    "all_of": "all_of",
    "between": "between",
}
_WEEKS = {"day": 1 / 7, "workday": 1 / 5, "week": 1.0, "month": 4.345, "year": 52.18}
_TOLERANCE = 0.01


@dataclass(slots=True)
class Score:
    """Counts of one kind of finding over all texts."""

    right: int = 0
    missed: int = 0
    wrong: int = 0

    @property
    def precision(self) -> float:
        """Share of what was found that is right; 1 when nothing was found."""
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 1.0

    @property
    def recall(self) -> float:
        """Share of what is there that was found; 1 when nothing is there."""
        return self.right / (self.right + self.missed) if self.right + self.missed else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0


@dataclass(frozen=True, slots=True)
class Miss:
    """One difference between a text's annotation and what was read from it."""

    example: str
    kind: str
    problem: str
    detail: str


KINDS = (
    "techniques",
    "materials",
    "parameters",
    "quantity",
    "deadline",
    "budget",
    "exclusions",
    "trl",
    "region",
    "confidentiality",
    "chain",
)


VALUE_KINDS = ("parameters", "quantity", "deadline", "budget")


@dataclass(slots=True)
class Report:
    """Scores by kind, every miss, and the values that stand nowhere in the annotation."""

    scores: dict[str, Score] = field(default_factory=lambda: {k: Score() for k in KINDS})
    misses: list[Miss] = field(default_factory=list)
    invented: list[Miss] = field(default_factory=list)
    hard_errors: list[Miss] = field(default_factory=list)
    texts: int = 0

    @property
    def values(self) -> int:
        """How many values were read: criteria, quantities, deadlines and budgets."""
        return sum(self.scores[k].right + self.scores[k].wrong for k in VALUE_KINDS)

    @property
    def invented_share(self) -> float:
        """Share of the values read that stand nowhere in the annotation."""
        return len(self.invented) / self.values if self.values else 0.0

    def as_dict(self) -> dict[str, Any]:
        """The report as plain data for JSON."""
        return {
            "texts": self.texts,
            "values": self.values,
            "invented_share": round(self.invented_share, 4),
            "scores": {
                k: {"precision": round(s.precision, 4), "recall": round(s.recall, 4),
                    "f1": round(s.f1, 4),
                    "right": s.right, "missed": s.missed, "wrong": s.wrong}
                for k, s in self.scores.items()
            },
            "misses": [_plain(m) for m in self.misses],
            "invented": [_plain(m) for m in self.invented],
            "hard_errors": [_plain(m) for m in self.hard_errors],
        }  # fmt: skip

    def totals(self) -> list[str]:
        """One line for each kind, and the share of invented values."""
        found = [f"{'':16}{'P':>7}{'R':>7}{'F1':>7}   right missed wrong"]
        for kind, s in self.scores.items():
            found.append(
                f"{kind:16}{s.precision:7.3f}{s.recall:7.3f}{s.f1:7.3f}"
                f"   {s.right:5} {s.missed:6} {s.wrong:5}"
            )
        found.append(
            f"invented values  {len(self.invented)} of {self.values}"
            f" ({100 * self.invented_share:.1f} %), {self.texts} texts"
        )
        return found

    def lines(self) -> list[str]:
        """The report for people: the totals, then every miss."""
        found = self.totals()
        for title, items in (
            ("miss", self.misses),
            ("INVENTED", self.invented),
            ("HARD ERROR", self.hard_errors),
        ):
            found += [f"{title}: {m.example} {m.kind} {m.problem} {m.detail}" for m in items]
        return found


def _plain(miss: Miss) -> dict[str, str]:
    return {
        "example": miss.example,
        "kind": miss.kind,
        "problem": miss.problem,
        "detail": miss.detail,
    }


def evaluate(examples: Iterable[Mapping[str, Any]], vocabulary: Vocabulary) -> Report:
    """Read every example and compare with its annotation (see the guide of the examples file)."""
    report = Report()
    for example in examples:
        posted = example.get("posted")
        result = extract(example["text"], vocabulary, posted if isinstance(posted, date) else None)
        compare(report, str(example["id"]), result, example["gold"])
    return report


def compare(report: Report, name: str, result: Mapping[str, Any], gold: Mapping[str, Any]) -> None:
    """Add one text's differences to the report."""
    report.texts += 1
    _Comparison(report, name, result, gold).run()


class _Comparison:
    def __init__(
        self, report: Report, name: str, result: Mapping[str, Any], gold: Mapping[str, Any]
    ) -> None:
        self._report = report
        self._name = name
        self._result = result
        self._gold = gold
        self._tolerated: Mapping[str, Any] = gold.get("tolerated") or {}
        self._forbidden: Mapping[str, Any] = gold.get("must_not") or {}

    def run(self) -> None:
        self._techniques()
        self._materials()
        self._parameters()
        self._exclusions()
        self._amounts()
        self._wishes()

    def _count(
        self, kind: str, right: int = 0, missed: Sequence[str] = (), wrong: Sequence[str] = ()
    ) -> None:
        score = self._report.scores[kind]
        score.right += right
        score.missed += len(missed)
        score.wrong += len(wrong)
        self._report.misses += [Miss(self._name, kind, "missed", d) for d in missed]
        self._report.misses += [Miss(self._name, kind, "wrong", d) for d in wrong]

    # ------------------------------------------------------------------ terms
    def _techniques(self) -> None:
        said = {t["id"] for t in self._result["techniques"]}
        said |= {t["id"] for group in self._result["techniques_any_of"] for t in group}
        optional = {t["id"] for t in self._result["optional_techniques"]}
        groups = [set(g) for g in self._gold.get("techniques_any_of") or ()]
        wished = set(self._gold.get("optional_techniques") or ())
        wanted = set(self._gold.get("techniques") or ())
        right = len(wanted & said) + sum(1 for g in groups if g & said)
        missed = sorted(wanted - said) + [f"any of {sorted(g)}" for g in groups if not g & said]
        free = wished | set(self._tolerated.get("techniques") or ()) | set().union(*groups)
        self._count("techniques", right, missed, sorted(said - wanted - free))
        refused = {e["id"] for e in self._gold.get("excluded_techniques") or ()}
        for bad in sorted(
            (said | optional) & (set(self._forbidden.get("techniques") or ()) | refused)
        ):
            self._report.hard_errors.append(Miss(self._name, "techniques", "must not", bad))

    def _materials(self) -> None:
        said = {m["id"] for m in self._result["materials"]}
        wanted = set(self._gold.get("materials") or ())
        free = set(self._tolerated.get("materials") or ())
        self._count(
            "materials", len(wanted & said), sorted(wanted - said), sorted(said - wanted - free)
        )
        for bad in sorted(said & set(self._forbidden.get("materials") or ())):
            self._report.hard_errors.append(Miss(self._name, "materials", "must not", bad))

    def _exclusions(self) -> None:
        said = {(e["id"], e["reason"]) for e in self._result["excluded_techniques"]}
        gold = {(e["id"], e["reason"]) for e in self._gold.get("excluded_techniques") or ()}
        free = {
            *(self._tolerated.get("techniques") or ()),
            *(self._tolerated.get("excluded") or ()),
        }
        wrong = sorted(f"{i} ({r})" for i, r in said - gold if i not in free)
        self._count(
            "exclusions", len(said & gold), sorted(f"{i} ({r})" for i, r in gold - said), wrong
        )
        said_m = {m["id"] for m in self._result["excluded_materials"]}
        gold_m = set(self._gold.get("excluded_materials") or ())
        extra = said_m - gold_m - set(self._tolerated.get("materials") or ())
        self._count("exclusions", len(said_m & gold_m), sorted(gold_m - said_m), sorted(extra))

    # ------------------------------------------------------------------ parameters
    def _parameters(self) -> None:
        left = list(self._result["parameters"])
        right, missed = 0, []
        for wanted in self._gold.get("parameters") or ():
            hit = next((p for p in left if same_criterion(p, wanted)), None)
            if hit is None:
                missed.append(_shown(wanted))
            else:
                right += 1
                left.remove(hit)
        free = set(self._tolerated.get("parameters") or ())
        extra = [p for p in left if p["id"] not in free]
        self._count("parameters", right, missed, [_shown(p) for p in extra])
        known = {p["id"] for p in self._gold.get("parameters") or ()} | free
        for item in extra:
            if item["id"] not in known or item["id"] in (self._forbidden.get("parameters") or ()):
                self._report.invented.append(
                    Miss(self._name, "parameters", "invented", _shown(item))
                )

    # ------------------------------------------------------------------ business
    def _amounts(self) -> None:
        for kind, same in (
            ("quantity", _same_quantity),
            ("deadline", _same_deadline),
            ("budget", _same_budget),
        ):
            wanted, said = self._gold.get(kind), self._result[kind]
            if wanted is None and said is None:
                continue
            if wanted is not None and said is not None and same(said, wanted):
                self._count(kind, 1)
                continue
            missed = [_shown(wanted)] if wanted is not None else []
            wrong = [_shown(said)] if said is not None else []
            self._count(kind, 0, missed, wrong)
            if (
                wanted is None
                and said is not None
                and kind not in (self._tolerated.get("business") or ())
            ):
                self._report.invented.append(Miss(self._name, kind, "invented", _shown(said)))

    def _wishes(self) -> None:
        self._compare("trl", "", _value_of(self._result["trl"]), _value_of(self._gold.get("trl")))
        for side in ("prefer", "require", "exclude"):
            said = set(self._result["region"][side])
            wanted = set((self._gold.get("region") or {}).get(side) or ())
            self._count(
                "region",
                len(said & wanted),
                [f"{side} {r}" for r in sorted(wanted - said)],
                [f"{side} {r}" for r in sorted(said - wanted)],
            )
        wished = self._gold.get("confidentiality") or {}
        for key in ("level", "anonymous"):
            said_wish = self._result["confidentiality"][key] or None
            self._compare("confidentiality", f"{key} ", said_wish, wished.get(key) or None)
        self._compare("chain", "", self._result["chain"], self._gold.get("chain"))

    def _compare(self, kind: str, label: str, said: Any, wanted: Any) -> None:
        """Count one value that is either there or not."""
        if said is None and wanted is None:
            return
        if said is not None and wanted is not None and _same_value(said, wanted):
            self._count(kind, 1)
            return
        missed = [] if wanted is None else [f"{label}{wanted}"]
        self._count(kind, 0, missed, [] if said is None else [f"{label}{said}"])


def _value_of(entry: Mapping[str, Any] | None) -> Any:
    return entry["value"] if entry else None


def same_criterion(said: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Same parameter, same class of operator, value within one per cent."""
    if said["id"] != wanted["id"]:
        return False
    said_op, wanted_op = _CLASS.get(said["op"], said["op"]), _CLASS.get(wanted["op"], wanted["op"])
    if wanted_op == "between" and said_op == "eq" and not isinstance(said["value"], list):
        low, high = wanted["value"]
        return _close(said["value"], (low + high) / 2)
    if wanted_op in ("in", "all_of"):
        return said_op in (wanted_op, "eq") and _same_value(
            _listed(said["value"]), _listed(wanted["value"])
        )
    if said_op == "in" and wanted_op == "eq":
        return _same_value(_listed(said["value"]), _listed(wanted["value"]))
    return said_op == wanted_op and _same_value(said["value"], wanted["value"])


def _listed(value: Any) -> list[Any]:
    found = list(value) if isinstance(value, list | tuple) else [value]
    return sorted(found, key=str)


def _same_value(a: Any, b: Any) -> bool:
    if isinstance(a, list | tuple) or isinstance(b, list | tuple):
        return (
            isinstance(a, list | tuple) and isinstance(b, list | tuple)
            and len(a) == len(b) and all(_same_value(x, y) for x, y in zip(a, b, strict=True))
        )  # fmt: skip
    return _close(a, b)


def _close(a: Any, b: Any) -> bool:
    if isinstance(a, int | float) and isinstance(b, int | float):
        return abs(a - b) <= _TOLERANCE * max(abs(a), abs(b))
    return bool(a == b)


def _same_quantity(said: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    units = {wanted["unit"], *(wanted.get("unit_alt") or ())}
    return said["unit"] in units and _same_value(said["value"], wanted["value"])


def _same_deadline(said: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    if said["type"] != wanted["type"]:
        return False
    if wanted["type"] == "date":
        return str(said["value"]) == str(wanted["value"])
    return _close(said["value"] * _WEEKS[said["unit"]], wanted["value"] * _WEEKS[wanted["unit"]])


def _same_budget(said: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    if wanted["value"] is None:
        return said["value"] is None and said["negotiable"] == bool(wanted.get("negotiable"))
    return (
        said["value"] is not None
        and said["currency"] == wanted["currency"]
        and _CLASS.get(said["op"]) == _CLASS.get(wanted["op"])
        and _same_value(said["value"], wanted["value"])
    )


def _shown(item: Mapping[str, Any]) -> str:
    keys = [k for k in ("id", "type", "op", "value", "unit", "currency", "negotiable") if k in item]
    return " ".join(str(item[k]) for k in keys)
