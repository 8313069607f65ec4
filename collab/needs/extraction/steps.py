"""Which of the techniques and materials named in a text are asked for, and how."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from collab.needs.extraction.context import Context
from collab.needs.extraction.findings import Reading
from collab.needs.extraction.grammar import Grammar
from collab.needs.extraction.layout import Layout
from collab.needs.extraction.parted import objects, split_terms
from collab.needs.extraction.products import made, without_objects
from collab.needs.extraction.terms import UNCLEAR, Mention, dropped_parents, with_stems
from collab.needs.extraction.workpieces import WorkPieces
from collab.vocabulary.catalog import Vocabulary

_COMMISSION = re.compile(
    r"测试委托|委托测试|委托检测|性能评测|验证服务|测试服务|检测服务|测试需求"
    r"|检测需求|test(?:ing)? (?:service|commission|campaign|request)|measurement "
    r"(?:service|request)",
    re.IGNORECASE,
)
_FIBRE_ARRAY = re.compile(r"光纤阵列|阵列光纤|fiber[ -]array|\bFAU\b", re.IGNORECASE)
_ARRAY_ATTACH, _ARRAY_MAKING = (
    f"packaging.coupling.{n}" for n in ("fiber-array", "fau-fabrication")
)
_COOPERATION = re.compile(r"合作(?:方式|模式|形式)")
_NAMED_TEST = re.compile(
    r"(?:测试|测量|试验|检测|分析|表征|test(?:ing)?|measurements?)$", re.IGNORECASE
)
_TEST_VERB = re.compile(
    r"测试?|测量|检测?|表征|验证|评估|标定|\b(?:test(?:ing|s)?|measur(?:e|ing"
    r"|ement)s?|characteri[sz]\w+|verif\w+)\b",
    re.IGNORECASE,
)
_SPEC_AFTER = re.compile(
    r"\s?(?:\([^()]{0,16}\))?\s?(?:[≤≥<>=±~:：]|[-+]?\d|不[大小高低超少多][于过]"
    r"|[小大低高优好]于|至少|至多|超过|达到|控制在|要求|指标|为\s?\d|of \d|below"
    r"|above|better|less|more|at (?:least|most)|under \d|over \d|[\u3400-\u9fff]{0,2}[≤≥<>])"
)
_PROPERTY_WORD = re.compile(
    r"[\u3400-\u9fff]{0,4}?(?:温度|精度|强度|深度|厚度|损耗|间距|误差|均匀性"
    r"|应力|速率|周期|宽度|浓度|能量|剂量|良率|时间|面积|场|成品率|temperature"
    r"|accuracy|strength|depth|loss|rate)|\s(?:temperature|accuracy|strength"
    r"|depth|loss|thickness|pitch|yield)"
)
_TEST_OBJECT = re.compile(r"(?:芯片|管芯|裸片)(?!的|流|封|设计|载|级)")
_AS_VERB = re.compile(r"(?:和|、|及|并|或|不需要|无需|需要|要|做)\s?$")


@dataclass
class Wanted:
    """The techniques and materials of one text, sorted by what the asker says about them."""

    techniques: list[Mention] = field(default_factory=list)
    any_of: list[list[Mention]] = field(default_factory=list)
    optional: list[Mention] = field(default_factory=list)
    excluded: list[tuple[Mention, str]] = field(default_factory=list)
    materials: list[Mention] = field(default_factory=list)
    excluded_materials: list[Mention] = field(default_factory=list)
    devices: dict[str, int] = field(default_factory=dict)

    def ids(self) -> list[str]:
        """Every technique asked for, alternatives included, in text order."""
        found = [*self.techniques, *(m for group in self.any_of for m in group)]
        return [m.id for m in sorted(found, key=lambda m: m.start)]

    def mentioned(self) -> set[str]:
        """Every technique the text speaks of, excluded and optional ones included."""
        return {*self.ids(), *(m.id for m in self.optional), *(m.id for m, _ in self.excluded)}


class Steps:
    """Sorts the mentions of one text."""

    def __init__(
        self, grammar: Grammar, text: str, folded: str, layout: Layout, context: Context
    ) -> None:
        self._grammar = grammar
        self._vocabulary: Vocabulary = grammar.vocabulary
        self._text = text
        self._folded = folded
        self._layout = layout
        self._context = context
        terms = grammar.terms
        named = grammar.resolver.resolve(text, folded, terms.techniques.find(text, folded))
        self._unclear = [m for m in named if m.kind == UNCLEAR]
        self.mentions = [self._object_of_test(m) for m in named if m.kind != UNCLEAR]
        self.mentions += with_stems(folded, self.mentions, grammar.stems, self._is_tested)
        asked = [m for m in self.mentions if self._context.stance(m.start, m.end).kind == "want"]
        self.mentions += made(text, asked, grammar.products, self._vocabulary)
        self.materials = grammar.resolver.resolve(text, folded, terms.materials.find(text, folded))
        self.materials = [m for m in self.materials if m.kind != UNCLEAR]
        self.devices = grammar.resolver.resolve(text, folded, terms.devices.find(text, folded))
        self.commission = self._is_commission()

    def _is_commission(self) -> bool:
        """The need as a whole asks for tests."""
        if _COMMISSION.search(self._text):
            return True
        making = [m for m in self.mentions if not self._is_test(m) and not self._idle(m)]
        return not making and any(not self._spec_follows(m) for m in self.mentions)

    def test_only(self) -> bool:
        """True when only tests or instruments are asked for."""
        live = [
            m
            for m in self.mentions
            if not self._idle(m)
            and not self._only_told(m)
            and self._context.stance(m.start, m.end).kind == "want"
        ]
        return bool(live) and all(
            self._vocabulary.techniques[m.id].category in ("test", "equipment") for m in live
        )

    def tests_only_wanted(self) -> bool:
        """The text calls itself a test order."""
        return bool(_COMMISSION.search(self._text))

    def coupling(self) -> bool:
        """True when light is coupled or devices are packaged, and nothing is made or measured."""
        kinds = {m.id.split(".")[0] for m in self.mentions if not self._idle(m)}
        coupled = any(m.id.startswith("packaging.coupling") for m in self.mentions)
        return coupled and kinds <= {
            "packaging",
            "facet",
            "singulation",
        }

    def imaging(self) -> bool:
        """True when microscopy or failure analysis is asked for and no lithography."""
        ids = {m.id.split(".")[0] for m in self.mentions}
        return bool(ids & {"metrology", "failure-analysis"}) and "lithography" not in ids

    def _is_test(self, mention: Mention) -> bool:
        return self._vocabulary.techniques[mention.id].category == "test"

    def _idle(self, mention: Mention) -> bool:
        if mention.kind == "technique" and self._is_cooperation(mention):
            return True
        return self._layout.in_background(mention.start) or self._layout.in_purpose(mention.start)

    def _is_cooperation(self, mention: Mention) -> bool:
        """合作方式:技术转让 says how to work together, it asks for no service."""
        if self._vocabulary.techniques[mention.id].category != "service":
            return False
        low = self._layout.sentence(mention.start)[0]
        return bool(_COOPERATION.search(self._text, max(low, mention.start - 24), mention.start))

    def _object_of_test(self, mention: Mention) -> Mention:
        """测试 with 芯片 as its object is the test of chips."""
        if mention.id != "test" or self._text[mention.start : mention.end] != "测试":
            return mention
        if not _TEST_OBJECT.match(self._text, mention.end):
            return mention
        if not _AS_VERB.search(self._text[max(0, mention.start - 4) : mention.start]):
            return mention
        return Mention(
            "technique", "test.bar-chip", mention.start, mention.end + 2, "test-object", 0.7
        )

    def _is_tested(self, start: int, end: int, technique: str) -> bool:
        if "test.reliability" in self._vocabulary.ancestors(technique):
            return True
        sentence = self._layout.sentence(start)[0]
        verbs = list(_TEST_VERB.finditer(self._text, max(sentence, start - 120), start))
        if not verbs or _SPEC_AFTER.match(self._text, end):
            return False
        between = self._text[verbs[-1].end() : start]
        if self._text[start:end].isascii():
            return len(between) <= 90
        return len(between) <= 30 and ("," not in between or "、" in between)

    def sort(self, readings: Sequence[Reading]) -> Wanted:
        """Decide for each mention: wanted, alternative, optional, excluded or only talk."""
        wanted = Wanted()
        self.mentions = without_objects(self._text, self.mentions)
        self._sharpen({r.parameter for r in readings})
        bound = {r.start: r.end for r in readings if r.rule in ("cue-before", "cue-after")}
        live: list[Mention] = []
        cued: list[Mention] = []
        for mention in self.mentions:
            if not self._idle(mention) and self._supplied(mention):
                self._place(mention, wanted, bound, live, cued)
        wanted.excluded += self._objects_named({m.id for m, _ in wanted.excluded})
        live += self._split_terms()
        self._settle(wanted, live or [m for m in cued if not self._is_test(m)])
        self._work_pieces(wanted)
        wanted.devices = self._named_devices()
        return wanted

    def unclear(self) -> list[Mention]:
        """Words that name one of several steps without saying which, where they are asked for."""
        return [
            m for m in self._unclear
            if not self._layout.aside(m.start) and not self._layout.in_purpose(m.start)
            and self._context.stance(m.start, m.end).kind == "want"
        ]  # fmt: skip

    def _place(
        self, mention: Mention, wanted: Wanted, bound: Mapping[int, int],
        live: list[Mention], cued: list[Mention],
    ) -> None:  # fmt: skip
        """Put one mention where the words around it say it belongs."""
        stance = self._context.stance(mention.start, mention.end)
        if stance.kind != "want":
            if not self._about_region(mention):
                wanted.excluded.append((mention, stance.kind))
        elif self._only_told(mention) or self._is_specification(mention):
            return
        elif self._inside_cue(mention, bound):
            cued.append(mention)
        elif stance.soft:
            wanted.optional.append(mention)
        else:
            live.append(mention)

    def _only_told(self, mention: Mention) -> bool:
        return self._layout.told(mention.start) or self._context.state_only(
            mention.start, mention.end
        )

    def _named_devices(self) -> dict[str, int]:
        """Chains whose device the text names, longer names counting more."""
        found: dict[str, int] = {}
        for device in self.devices:
            stance = self._context.stance(device.start, device.end)
            if not self._idle(device) and stance.kind == "want":
                weight = 1 + (device.end - device.start) // 8
                found[device.id] = max(found.get(device.id, 0), weight)
        return found

    def _sharpen(self, parameters: set[str]) -> None:
        """Fibres coupled at a stated pitch, or in an array, are a fibre array."""
        arrayed = "fiber-pitch" in parameters or _FIBRE_ARRAY.search(self._text)
        if arrayed and all(m.id != _ARRAY_MAKING for m in self.mentions):
            self.mentions = [
                replace(m, id=_ARRAY_ATTACH, rule="array") if m.id == "packaging.coupling" else m
                for m in self.mentions
            ]

    def _split_terms(self) -> list[Mention]:
        return [
            m for m in split_terms(self._text)
            if not self._layout.told(m.start) and not self._idle(m)
            and self._context.stance(m.start, m.end).kind == "want"
        ]  # fmt: skip

    def _settle(self, wanted: Wanted, live: list[Mention]) -> None:
        refused = {m.id for m, kind in wanted.excluded if kind == "reject"}
        live = self._without_bare_test([m for m in live if m.id not in refused])
        own = {m.id for m, kind in wanted.excluded if kind == "own"}
        live_ids = {m.id for m in live}
        groups = self._grouped([m for m in live if m.id not in own])
        kept = {m.id for m in dropped_parents(live, self._vocabulary)}
        single: list[Mention] = []
        for group in groups:
            members = [
                m
                for m in dropped_parents(group, self._vocabulary)
                if m.id in kept or len(group) > 1
            ]
            if len(members) > 1:
                wanted.any_of.append(members)
            else:
                single += [m for m in members if m.id in kept]
        in_groups = {m.id for g in wanted.any_of for m in g}
        wanted.techniques = [
            m for m in dropped_parents(single, self._vocabulary) if m.id not in in_groups
        ]
        broad = {a for i in live_ids for a in self._vocabulary.ancestors(i)}
        wanted.optional = [
            m
            for m in dropped_parents(wanted.optional, self._vocabulary)
            if m.id not in live_ids | broad
        ]
        wanted.excluded = self._narrowest(wanted.excluded)

    def _without_bare_test(self, live: list[Mention]) -> list[Mention]:
        """Beside a named measurement a bare 测试 or characterisation asks for nothing more."""
        measured = any(m.id != "test" and self._is_test(m) for m in live)
        return [m for m in live if m.id != "test"] if measured else live

    def _narrowest(self, excluded: list[tuple[Mention, str]]) -> list[tuple[Mention, str]]:
        """Each exclusion once, without parents of another; what the asker does himself is own."""
        seen = {m.id: (m, kind) for m, kind in reversed(excluded)}
        seen |= {m.id: (m, kind) for m, kind in excluded if kind == "own"}
        broad = {a for i in seen for a in self._vocabulary.ancestors(i)}
        return [pair for pair in reversed(seen.values()) if pair[0].id not in broad]

    def _grouped(self, live: list[Mention]) -> list[list[Mention]]:
        """Neighbours joined by 或 form one group; A、B或C is one group of three."""
        ordered = sorted(live, key=lambda m: m.start)
        groups: list[list[Mention]] = []
        for mention in ordered:
            if groups and self._context.alternatives(groups[-1][-1].end, mention.start):
                last = groups[-1]
                while len(groups) > 1 and self._text[
                    groups[-2][-1].end : last[0].start
                ].strip() in ("、",):
                    last = groups[-2] + last
                    groups[-2:] = [last]
                last.append(mention)
            else:
                groups.append([mention])
        return groups

    def _supplied(self, mention: Mention) -> bool:
        rule = self._vocabulary.raw["techniques"].get("supply_cue_required", {})
        if mention.id not in rule.get("ids", ()):
            return True
        low, high = self._layout.clause(mention.start)
        clause = self._text[max(low, mention.start - 16) : min(high, mention.end + 10)].lower()
        return any(c in clause for c in rule.get("cues", ("采购", "供应")))

    def _objects_named(self, known: set[str]) -> Iterator[tuple[Mention, str]]:
        """Things as objects ask for nothing, but 掩模版我们自己有 says that none are to be made."""
        for mention, kind in objects(self._text):
            if known & self._vocabulary.descendants(mention.id) or self._layout.aside(
                mention.start
            ):
                continue
            if self._context.stance(mention.start, mention.end).kind == kind:
                known.add(mention.id)
                yield mention, kind

    def _is_specification(self, mention: Mention) -> bool:
        if not (self._is_test(mention) or mention.id == "doping") or self.commission:
            return False
        branch = (mention.id, *self._vocabulary.ancestors(mention.id))
        if "test.reliability" in branch or "metrology" in branch:
            return False
        if _NAMED_TEST.search(self._text[mention.start : mention.end]):
            return False
        return self._spec_follows(mention)

    def _spec_follows(self, mention: Mention) -> bool:
        return bool(_SPEC_AFTER.match(self._text, mention.end))

    def _inside_cue(self, mention: Mention, bound: Mapping[int, int]) -> bool:
        """A step named only inside the name of a property (沉积温度, 键合强度)."""
        if self._is_test(mention):
            return False
        if len(self._vocabulary.descendants(mention.id)) == 1 and mention.rule != "context":
            return False
        for start in range(max(0, mention.start - 3), mention.start + 1):
            if start in bound:
                return self._cue_goes_on(mention.end, bound[start])
        return False

    def _cue_goes_on(self, end: int, reading_end: int) -> bool:
        """The property's name is longer than the step's."""
        return end < reading_end and bool(_PROPERTY_WORD.match(self._text, end))

    def _work_pieces(self, wanted: Wanted) -> None:
        """The materials asked for and refused."""
        pieces = WorkPieces(self._grammar, self._text, self._folded, self._context)
        found = pieces.sort(self.mentions, self.materials, self._idle, self._layout.told)
        wanted.materials, wanted.excluded_materials = found

    def _about_region(self, mention: Mention) -> bool:
        """不接受境外流片 refuses a place, not the step."""
        low = self._layout.near(mention.start)[0]
        return bool(re.search(r"境外|国外|海外|foreign|overseas", self._text[low : mention.start]))
