"""The names that a rule may use, looked up: traits, bare slugs, age bands."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from fullhouse.core.errors import InputError, did_you_mean
from fullhouse.traits import Trait

_BAND = re.compile(r"(\d{1,3})-(\d{1,3})")
_FROM = re.compile(r"(\d{1,3})(?:\+|-plus|-and-over|-or-older|-older)")
_UNDER = re.compile(r"under-(\d{1,3})")
OLDEST = 999
_MOST_SHOWN = 5


@dataclass(frozen=True)
class Found:
    """What a name stands for: its full form, its traits (the union is meant), a note."""

    name: str
    traits: tuple[Trait, ...]
    note: str = ""


@dataclass(frozen=True)
class Catalogue:
    """The traits of a build by name."""

    traits: Sequence[Trait]

    def find(self, name: str) -> Found:
        """What a name stands for; an error when it is nobody's, rare, or several traits'."""
        plain = unicodedata.normalize("NFC", name).lower()
        if plain.startswith("age:") and (band := age_band(plain.removeprefix("age:"))):
            return self._ages(plain, band)
        if plain in self._by_name:
            return Found(plain, (_built(self._by_name[plain]),))
        same = self._by_slug.get(plain, [])
        if len(same) == 1:
            return Found(same[0].name, (_built(same[0]),))
        if same:
            names = " or ".join(sorted(t.name for t in same))
            raise InputError(f"{name!r} could be {names}; write which one.")
        raise InputError(f"No trait {name!r}.{self._near(plain)}")

    @cached_property
    def _by_name(self) -> dict[str, Trait]:
        return {unicodedata.normalize("NFC", t.name).lower(): t for t in self.traits}

    @cached_property
    def _by_slug(self) -> dict[str, list[Trait]]:
        found = defaultdict(list)
        for name, t in self._by_name.items():
            found[name.partition(":")[2]].append(t)
        return found

    def _ages(self, name: str, wanted: tuple[int, int]) -> Found:
        bands = [(b, t) for t in self.traits if t.family == "age" and (b := age_band(t.slug))]
        inside = [t for b, t in bands if wanted[0] <= b[0] and b[1] <= wanted[1]]
        cut = [
            t.slug
            for b, t in bands
            if t not in inside and b[0] <= wanted[1] and wanted[0] <= b[1] and t.built
        ]
        if not any(t.built for t in inside):
            known = ", ".join(t.slug for _, t in sorted(bands, key=lambda p: p[0]) if t.built)
            raise InputError(
                f"No age trait lies inside {name!r};"
                + (f" there are {known}." if known else " there are no age traits in this build.")
            )
        taken = tuple(t for t in inside if t.built)
        covered = _covered([age_band(t.slug) for t in taken], wanted)
        note = (
            ""
            if covered or not cut
            else (
                f"{name} counts only the bands {', '.join(t.slug for t in taken)};"
                f" {', '.join(cut)} lies partly outside and is not counted."
            )
        )
        return Found(name, taken, note)

    def _near(self, name: str) -> str:
        family, colon, slug = name.rpartition(":")
        holding = [t for n, t in self._by_name.items() if slug and slug in n and t.built]
        holding.sort(key=lambda t: (t.family != family, not t.slug.startswith(slug), -t.persons))
        if holding:
            return f" Did you mean {' or '.join(repr(t.name) for t in holding[:_MOST_SHOWN])}?"
        if colon and family not in {t.family for t in self.traits}:
            return did_you_mean(family, {t.family for t in self.traits}) or (
                f" There is no family {family!r} in this build."
            )
        start = slug[:1]
        pool = [n for n in self._by_name if n.partition(":")[2][:1] == start]
        near = did_you_mean(name, pool if colon else [n.partition(":")[2] for n in pool])
        return near or " Search the traits with: fullhouse traits list --search TEXT"


def age_band(slug: str) -> tuple[int, int] | None:
    """Youngest and oldest age of a slug such as 18-24, 65+ or under-18; None when it is no band."""
    if match := _BAND.fullmatch(slug):
        return int(match[1]), int(match[2])
    if match := _FROM.fullmatch(slug):
        return int(match[1]), OLDEST
    if match := _UNDER.fullmatch(slug):
        return 0, int(match[1]) - 1
    return None


def _covered(bands: Sequence[tuple[int, int] | None], wanted: tuple[int, int]) -> bool:
    years = {y for b in bands if b for y in range(b[0], min(b[1], OLDEST) + 1)}
    return all(y in years for y in range(wanted[0], wanted[1] + 1))


def _built(trait: Trait) -> Trait:
    if not trait.built:
        raise InputError(
            f"Trait {trait.name!r} was not built: {trait.persons} people have it,"
            " fewer than the floor (setting 'trait_floor')."
        )
    return trait
