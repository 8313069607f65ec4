"""All capabilities as columns: built once, kept in one file, opened by mapping it into memory."""

from __future__ import annotations

import json
import math
import os
import zlib
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from collab.matching import packing, score
from collab.matching.compare import WAFER, figures, is_word
from collab.matching.records import Offer, Offered, Status
from collab.vocabulary.catalog import Parameter, Vocabulary

FORMAT = 3
MAGIC = b"OECM"
HEAD = 16
"""Bytes before the header: the magic, its length (8) and the checksum of all but these (4)."""
BLOCK = 1 << 20
ALIGN = 64
SHARED_LIMIT = 400
DELTA_LIMIT = 2_000
"""Changed capabilities a snapshot carries beside its columns before a rebuild pays off."""
Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
Codes = NDArray[np.integer[Any]]
T = TypeVar("T", str, float)


@dataclass(frozen=True)
class Column:
    """What all capabilities state for one parameter; one entry per row, NaN = not stated.

    `ends` are low and high side by side, since both are always read of the same rows. `codes` holds
    places in `values` of the discrete figures or names, padded with len(values): one line per
    place in a capability's list, since lines are what is compared quickly.
    """

    ends: Floats
    codes: Codes | None
    values: Floats | tuple[str, ...]


@dataclass(frozen=True)
class Snapshot:
    """Capabilities in the order of their public keys, with changes since as `delta` and `dead`.

    Immutable: `changed` gives a new one that shares the columns, so a scenario costs nothing.
    """

    version: str
    arrays: Mapping[str, NDArray[Any]]
    meta: Mapping[str, Any]
    delta: Mapping[str, Offer] = field(default_factory=dict)
    dead: frozenset[int] = frozenset()
    _shared: dict[Hashable, Any] = field(default_factory=dict, repr=False)

    @property
    def rows(self) -> int:
        """Rows in the columns, dead ones included."""
        return len(self.arrays["id"])

    def __len__(self) -> int:
        return self.rows - len(self.dead) + len(self.delta)

    @property
    def worn(self) -> bool:
        """True when so much has changed that a rebuild pays off."""
        return len(self.delta) + len(self.dead) > DELTA_LIMIT

    @cached_property
    def dead_mask(self) -> NDArray[np.bool_] | None:
        """True where a row is deleted or replaced; None when nothing is."""
        if not self.dead:
            return None
        mask = np.zeros(self.rows, dtype=bool)
        mask[np.fromiter(self.dead, dtype=np.int64)] = True
        return mask

    def row_of(self, key: str) -> int | None:
        """The row of a public key in the columns, dead or not."""
        keys = self.arrays["key"]
        wanted = key.encode()
        at = int(np.searchsorted(keys, wanted))
        return at if at < len(keys) and keys[at] == wanted else None

    def offer_at(self, row: int) -> Offer:
        """The capability of a row as a value."""
        cache: dict[int, Offer] = self._shared.setdefault("offers", {})
        found = cache.get(row)
        if found is None:
            start, end = self.arrays["doc_at"][row : row + 2]
            found = packing.unpack(bytes(self.arrays["docs"][start:end]))
            if len(cache) > 20_000:
                cache.clear()
            cache[row] = found
        return found

    def get(self, key: str) -> Offer | None:
        """The capability with this public key, None when there is none (any more)."""
        if key in self.delta:
            return self.delta[key]
        row = self.row_of(key)
        return None if row is None or row in self.dead else self.offer_at(row)

    def offers(self) -> list[Offer]:
        """Every capability, in the order of the keys."""
        live = [self.offer_at(r) for r in range(self.rows) if r not in self.dead]
        return sorted([*live, *self.delta.values()], key=lambda o: o.key)

    def changed(self, upserts: Iterable[Offer] = (), deletes: Iterable[str] = ()) -> Snapshot:
        """The snapshot after these changes; a key that is unknown is ignored on delete."""
        delta, dead = dict(self.delta), set(self.dead)
        for key in deletes:
            delta.pop(key, None)
            row = self.row_of(key)
            if row is not None:
                dead.add(row)
        for offer in upserts:
            row = self.row_of(offer.key)
            if row is not None:
                dead.add(row)
            delta[offer.key] = offer
        return replace(self, delta=delta, dead=frozenset(dead))

    def shared(self, key: Hashable) -> Any:
        """What was worked out once from the columns and is shared with every later version of
        them; None until then."""
        return self._shared.get(key)

    def share(self, key: Hashable, value: Any) -> None:
        """Keep something worked out from the columns alone; a few hundred masks at most."""
        if len(self._shared) > SHARED_LIMIT:
            for old in [k for k in list(self._shared) if isinstance(k, tuple)]:
                self._shared.pop(old, None)
        self._shared[key] = value

    def posting(self, name: str) -> Ints | None:
        """Rows listed under a technique id, `cat:<category>`, `own:<category>` or `bars:<org>`."""
        found = self.meta["postings"].get(name)
        return None if found is None else self.arrays["postings"][found[0] : found[1]]

    def column(self, parameter: str) -> Column | None:
        """The dense column of a parameter, made on first use and kept; None if nobody states it."""
        columns: dict[str, Column] = self._shared.setdefault("columns", {})
        found = columns.get(parameter)
        if found is None and parameter in self.meta["parameters"]:
            found = columns[parameter] = self._dense(parameter)
        return found

    def _dense(self, parameter: str) -> Column:
        entry = self.meta["parameters"][parameter]
        rows = self.arrays[f"p:{parameter}:rows"]
        ends = np.full((self.rows, 2), np.nan)
        ends[rows, 0] = self.arrays[f"p:{parameter}:low"]
        ends[rows, 1] = self.arrays[f"p:{parameter}:high"]
        codes = None
        words = entry["words"]
        values: Floats | tuple[str, ...] = (
            tuple(words) if words is not None else self.arrays[f"p:{parameter}:values"]
        )
        sparse = self.arrays.get(f"p:{parameter}:codes")
        if sparse is not None and sparse.shape[1]:
            codes = np.full((sparse.shape[1], self.rows), len(values), dtype=sparse.dtype)
            codes[:, rows] = sparse.T
        return Column(ends, codes, values)

    def memory(self) -> dict[str, int]:
        """Bytes: `mapped` in the file's columns, `docs` of it for the records themselves,
        `dense` for the parameter columns used so far."""
        dense = 0
        for column in self._shared.get("columns", {}).values():
            dense += column.ends.nbytes
            dense += 0 if column.codes is None else column.codes.nbytes
        mapped = sum(a.nbytes for a in self.arrays.values())
        return {"mapped": mapped, "docs": self.arrays["docs"].nbytes, "dense": dense}


def _coded(lists: Sequence[Sequence[T]]) -> tuple[list[T], Codes]:
    """What occurs at all, in order, and each list as places in it, padded with one more."""
    names = sorted(set(chain.from_iterable(lists)))
    place = {name: i for i, name in enumerate(names)}
    lengths = np.fromiter(map(len, lists), dtype=np.int64, count=len(lists))
    width = int(lengths.max(initial=0))
    codes = np.full((len(lists), width), len(names), dtype=np.min_scalar_type(-1 - len(names)))
    codes[np.arange(width) < lengths[:, None]] = [place[n] for n in chain.from_iterable(lists)]
    return names, codes


def _postings(vocabulary: Vocabulary, offers: Sequence[Offer]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for row, offer in enumerate(offers):
        names = set(offer.techniques)
        for technique in offer.techniques:
            term = vocabulary.techniques.get(technique)
            if term is not None:
                names.add(f"cat:{term.category}")
        if offer.category:
            names.add(f"own:{offer.category}")
        names.update(f"bars:{organisation}" for organisation in offer.blocked)
        for name in names:
            found[name].append(row)
    return found


def _optional(values: Iterable[float | None]) -> Floats:
    return np.array(list(values), dtype=np.float64)  # None becomes NaN


def _plain_columns(offers: Sequence[Offer]) -> dict[str, NDArray[Any]]:
    nowhere = (math.nan, math.nan, math.nan)
    points = [score.unit_vector(o.place.lat, o.place.lon) or nowhere for o in offers]
    status = list(Status)
    return {
        "key": np.array([o.key.encode() for o in offers] or [b""][:0], dtype=np.bytes_),
        "id": np.array([o.id for o in offers], dtype=np.int64),
        "organisation": np.array([o.organisation_id for o in offers], dtype=np.int64),
        "status": np.array([status.index(o.status) for o in offers], dtype=np.int8),
        "evidence": np.array([score.EVIDENCE_VALUE[o.evidence] for o in offers], dtype=np.float64),
        "age": _optional(o.age_days for o in offers),
        "lead_low": _optional(o.lead_weeks[0] if o.lead_weeks else None for o in offers),
        "lead_high": _optional(o.lead_weeks[1] if o.lead_weeks else None for o in offers),
        "load": _optional(o.load for o in offers),
        "price": _optional(o.price[0] if o.price else None for o in offers),
        "point": np.array(points, dtype=np.float64).reshape(len(offers), 3),
    }


def _parameter_columns(
    vocabulary: Vocabulary, offers: Sequence[Offer]
) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    stated: dict[str, tuple[list[int], list[Offered]]] = defaultdict(lambda: ([], []))
    for row, offer in enumerate(offers):
        for parameter, value in offer.values.items():
            rows, values = stated[parameter]
            rows.append(row)
            values.append(value)
    arrays: dict[str, NDArray[Any]] = {}
    meta: dict[str, Any] = {}
    for name, (rows, values) in sorted(stated.items()):
        known = vocabulary.parameters.get(name)
        if known is None:
            continue
        arrays[f"p:{name}:rows"] = np.array(rows, dtype=np.int32)
        low, high, listed = _figures(known, values)
        if is_word(known):
            words, codes = _coded([tuple(map(packing.word, v.choices)) for v in values])
            meta[name] = {"words": words}
        else:
            distinct, codes = _coded(listed)
            arrays[f"p:{name}:values"] = np.array(distinct, dtype=np.float64)
            meta[name] = {"words": None}
        arrays[f"p:{name}:low"], arrays[f"p:{name}:high"] = low, high
        arrays[f"p:{name}:codes"] = codes
    return arrays, meta


def _figures(
    parameter: Parameter, values: Sequence[Offered]
) -> tuple[Floats, Floats, list[tuple[float, ...]]]:
    """`figures` of every value: low, high (NaN: not stated) and what is listed."""
    if is_word(parameter):
        nothing = np.full(len(values), np.nan)
        return nothing, nothing, []
    low, high = _optional(v.low for v in values), _optional(v.high for v in values)
    listed: list[tuple[float, ...]] = [()] * len(values)
    for place, value in enumerate(values):
        if value.choices or parameter.kind == "ordinal" or parameter.id == WAFER:
            low[place], high[place], listed[place] = figures(parameter, value)
    return low, high, listed


def _documents(offers: Sequence[Offer]) -> dict[str, NDArray[Any]]:
    packed = [packing.pack(o) for o in offers]
    ends = np.zeros(len(packed) + 1, dtype=np.int64)
    np.cumsum([len(p) for p in packed], out=ends[1:])
    return {"docs": np.frombuffer(b"".join(packed), dtype=np.uint8), "doc_at": ends}


def build(vocabulary: Vocabulary, offers: Iterable[Offer]) -> Snapshot:
    """A snapshot of these capabilities; of two with one key the later counts."""
    by_key = {offer.key: offer for offer in offers}
    rows = [by_key[key] for key in sorted(by_key, key=str.encode)]
    arrays = _plain_columns(rows)
    postings = _postings(vocabulary, rows)
    spans: dict[str, tuple[int, int]] = {}
    at = 0
    for name in sorted(postings):
        spans[name] = (at, at + len(postings[name]))
        at += len(postings[name])
    flat = [row for name in sorted(postings) for row in postings[name]]
    arrays["postings"] = np.array(flat, dtype=np.int32)
    materials, arrays["materials"] = _coded([o.materials for o in rows])
    regions, arrays["regions"] = _coded([packing.regions(o) for o in rows])
    currencies, arrays["currency"] = _coded([[o.price[1]] if o.price else [] for o in rows])
    columns, parameters = _parameter_columns(vocabulary, rows)
    arrays.update(columns)
    arrays.update(_documents(rows))
    meta = {"postings": spans, "materials": materials, "regions": regions,
            "currencies": currencies, "parameters": parameters}  # fmt: skip
    return Snapshot(vocabulary.version, arrays, meta)


def save(snapshot: Snapshot, path: Path) -> None:
    """Writes the columns to one file, whole or not at all. Raises ValueError on pending changes."""
    if snapshot.delta or snapshot.dead:
        raise ValueError("a snapshot with pending changes must be rebuilt before it is saved")
    places: dict[str, Any] = {}
    at = 0
    for name, array in snapshot.arrays.items():
        places[name] = [array.dtype.str, list(array.shape), at]
        at += -(-array.nbytes // ALIGN) * ALIGN
    header = json.dumps({"format": FORMAT, "version": snapshot.version, "arrays": places,
                         "meta": snapshot.meta}, ensure_ascii=False).encode()  # fmt: skip
    start = -(-(len(header) + HEAD) // ALIGN) * ALIGN
    scratch = path.with_suffix(f".{os.getpid()}.part")
    with scratch.open("wb+") as out:
        out.write(MAGIC + len(header).to_bytes(8, "little") + bytes(4) + header)
        for name, array in snapshot.arrays.items():
            out.seek(start + places[name][2])
            out.write(np.ascontiguousarray(array).tobytes())
        out.truncate(start + at)
        out.flush()
        out.seek(HEAD - 4)
        out.write(_checksum(scratch).to_bytes(4, "little"))
    scratch.replace(path)


def _checksum(path: Path) -> int:
    """CRC-32 of the file but for the place where it stands. Read and not mapped, so that verifying
    costs no memory."""
    block = bytearray(BLOCK)
    with path.open("rb", buffering=0) as file:
        found = zlib.crc32(file.read(HEAD - 4))
        file.seek(HEAD)
        while size := file.readinto(block):
            found = zlib.crc32(memoryview(block)[:size], found)
    return found


def load(path: Path, version: str | None = None) -> Snapshot | None:
    """The snapshot of a file; None when there is none, a byte of it is not what was written, or it
    is of another format or vocabulary version, so that the caller rebuilds."""
    if not path.exists() or path.stat().st_size < HEAD:
        return None
    mapped = np.memmap(path, dtype=np.uint8, mode="r")
    stated = int.from_bytes(bytes(mapped[HEAD - 4 : HEAD]), "little")
    if bytes(mapped[:4]) != MAGIC or stated != _checksum(path):
        return None
    length = int.from_bytes(bytes(mapped[4 : HEAD - 4]), "little")
    header = json.loads(bytes(mapped[HEAD : HEAD + length]))
    if header["format"] != FORMAT or version not in (None, header["version"]):
        return None
    start = -(-(length + HEAD) // ALIGN) * ALIGN
    arrays: dict[str, NDArray[Any]] = {}
    for name, (dtype, shape, at) in header["arrays"].items():
        kind = np.dtype(dtype)
        size = kind.itemsize * math.prod(shape)
        raw = mapped[start + at : start + at + size]
        arrays[name] = raw.view(np.ndarray).view(kind).reshape(shape)
    return Snapshot(header["version"], arrays, header["meta"])
