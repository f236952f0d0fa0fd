"""What an experiment alters. Changes stack, in any order to the same result, or conflict by name."""

from dataclasses import dataclass
from operator import itemgetter

from rea.domain.errors import Conflict
from rea.domain.ids import Digest
from rea.domain.lever import Scalar


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Patch:
    """A reviewed diff, known by its digest; ``levers`` names the overrides that it adds, off by default."""

    digest: Digest
    paths: tuple[str, ...]
    levers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A difference from the baseline: config overrides and patches, both in canonical order."""

    overrides: tuple[tuple[str, Scalar], ...] = ()
    patches: tuple[Patch, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "overrides", tuple(sorted(map(tuple, self.overrides), key=itemgetter(0))))
        object.__setattr__(self, "patches", tuple(sorted(self.patches)) if self.patches else ())

    def __str__(self) -> str:
        parts = [f"{name}={_shown(value)}" for name, value in self.overrides]
        return ", ".join(parts + [f"patch {p.digest[:8]}" for p in self.patches]) or "baseline"

    def value(self, name: str, default: Scalar) -> Scalar:
        """Return what this change sets ``name`` to, else ``default``."""
        return dict(self.overrides).get(name, default)


BASELINE = Change()


def change(**overrides: Scalar) -> Change:
    """Return the change that sets these overrides."""
    return Change(overrides=tuple(overrides.items()))


def conflict(first: Change, second: Change) -> str | None:
    """Return the name of what both set differently, or None when they can be stacked."""
    theirs = dict(second.overrides)
    clash = next((n for n, v in first.overrides if n in theirs and theirs[n] != v), None)
    if clash is not None:
        return clash
    touched = {path: p.digest for p in first.patches for path in p.paths}
    return next((path for p in second.patches for path in p.paths if touched.get(path, p.digest) != p.digest), None)


def part_of(part: Change, whole: Change) -> bool:
    """Whether all that ``part`` sets is set in ``whole``, too."""
    return set(part.overrides) <= set(whole.overrides) and set(part.patches) <= set(whole.patches)


def combine(first: Change, second: Change) -> Change:
    """Stack two changes; commutative and idempotent.

    Raises:
        Conflict: both set one override, or touch one file, differently.
    """
    clash = conflict(first, second)
    if clash is not None:
        raise Conflict(f"both changes set {clash!r}", "keep one of the two")
    merged = dict(first.overrides) | dict(second.overrides)
    return Change(overrides=tuple(merged.items()), patches=tuple({*first.patches, *second.patches}))


def override(first: Change, second: Change) -> Change:
    """Return ``first`` with everything that ``second`` sets set as ``second`` has it."""
    merged = dict(first.overrides) | dict(second.overrides)
    patches = tuple({*first.patches, *second.patches}) if first.patches or second.patches else ()
    return Change(overrides=tuple(merged.items()), patches=patches)


def _shown(value: Scalar) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value).lower() if isinstance(value, bool) else str(value)
