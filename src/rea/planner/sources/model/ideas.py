"""What a proposer may answer, and everything that can be wrong with it. Pure."""

import difflib
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from rea.codebase.access import all_of, no_secrets, outside, relative, within
from rea.domain.change import Change, override
from rea.domain.hypothesis import hypothesis_id
from rea.domain.lever import Lever, LeverType, Scalar
from rea.domain.wanted import UNSURE
from rea.domain.workload import Workload
from rea.planner.wording import at_baseline
from rea.ports import Briefing

LONGEST = 400  # characters of a statement, a reason or a falsifier


@dataclass(frozen=True, slots=True, kw_only=True)
class LeverValue:
    """One lever and the value to set it to."""

    lever: str
    value: str | int | float | bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Idea:
    """A hypothesis as proposed. ``low``, ``value`` and ``high`` are the 80 % interval of the relative improvement, as shares."""

    statement: str
    rationale: str
    set: tuple[LeverValue, ...]
    low: float
    value: float
    high: float
    cost: float
    falsifier: str
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A hypothesis that no lever expresses: a change of the code. ``low``, ``value`` and ``high`` as an idea's."""

    statement: str
    paths: tuple[str, ...]
    why: str
    evidence: tuple[str, ...] = ()
    low: float = UNSURE.low
    value: float = UNSURE.value
    high: float = UNSURE.high


@dataclass(frozen=True, slots=True, kw_only=True)
class Ideas:
    """What the proposer answers."""

    ideas: tuple[Idea, ...] = ()
    wishes: tuple[Wish, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What ideas may rest on: ``evidence`` by id, and lines of the code as ``code:PATH:LINE``, which ``line`` looks up.

    ``most`` is the largest improvement that experiments showed or the catalogue expects; papers, which strangers wrote, don't count.
    """

    evidence: Mapping[str, str]
    most: float = 1.0
    line: Callable[[str, int], bool] = lambda path, line: False

    def holds(self, name: str) -> bool:
        if name in self.evidence:
            return True
        kind, _, place = name.partition(":")
        path, _, number = place.rpartition(":")
        return kind == "code" and number.isdecimal() and len(number) < 8 and self.line(path, int(number))


def wrong_with(answer: Ideas, briefing: Briefing, known: Known) -> str:
    """Return all that is wrong with an answer, as one text; nothing where nothing is."""
    faults = [idea_faults(idea, briefing, known) for idea in answer.ideas]
    told = [f"idea {n}: {fault}" for n, found in enumerate(faults, 1) for fault in found]
    told += [f"wish {n}: {w}" for n, wish in enumerate(answer.wishes, 1) for w in wish_faults(wish, briefing, known)]
    sound = [idea for idea, found in zip(answer.ideas, faults, strict=True) if not found]
    if len({change_of(idea, briefing) for idea in sound}) < len(sound):
        told.append("two ideas are the same change")
    return "; ".join(told)


def refusal(answer: Ideas, briefing: Briefing, known: Known) -> str:
    """Return what is wrong where at least half of the ideas are; else the sound ones go on, and the others are left out."""
    sound = sum(not idea_faults(idea, briefing, known) for idea in answer.ideas)
    return "" if sound > len(answer.ideas) / 2 else wrong_with(answer, briefing, known)


def change_of(idea: Idea, briefing: Briefing) -> Change:
    """Return the change that an idea amounts to, on top of the configuration to improve on; unknown levers are left out."""
    turned = ((briefing.workload.lever(s.lever), s.value) for s in idea.set)
    return override(briefing.current, Change(overrides=tuple((v.name, _shaped(v, x)) for v, x in turned if v)))


def idea_faults(idea: Idea, briefing: Briefing, known: Known) -> list[str]:
    """Return what is wrong with one idea, as clauses that say what would be right."""
    return [
        *_texts(("statement", idea.statement), ("rationale", idea.rationale), ("falsifier", idea.falsifier)),
        *_levers(idea, briefing),
        *_prediction((idea.low, idea.value, idea.high), briefing.workload, known),
        *_budget(idea, briefing),
        *_evidence(idea.evidence, known, least=1),
    ]


def wish_faults(wish: Wish, briefing: Briefing, known: Known) -> list[str]:
    """Return what is wrong with one wish: it may only name files that a patch may touch."""
    w = briefing.workload
    policy = all_of(relative, no_secrets, outside(w.protected, "is protected"), within(w.editable, "[paths] editable"))
    denied = [told.reason for path in wish.paths if not (told := policy(path)).allowed]
    none = [] if wish.paths else ["it names no path"]
    texts = _texts(("statement", wish.statement), ("why", wish.why))
    stated = (wish.low, wish.value, wish.high)
    promise = () if stated == (UNSURE.low, UNSURE.value, UNSURE.high) else _prediction(stated, w, known)
    return [*texts, *none, *denied, *promise, *_evidence(wish.evidence, known, least=0)]


def _texts(*named: tuple[str, str]) -> list[str]:
    fine = {name for name, text in named if 0 < len(text.strip()) <= LONGEST and text.isprintable()}
    return [
        f"{name} has to be one printable line of 1 to {LONGEST} characters" for name, _ in named if name not in fine
    ]


def _levers(idea: Idea, briefing: Briefing) -> list[str]:
    if not idea.set:
        return ["it sets no lever; what no lever expresses is a wish"]
    found = [told for s in idea.set if (told := _lever(s, briefing.workload))]
    if len({s.lever for s in idea.set}) < len(idea.set):
        found.append("a lever is set twice")
    if found:
        return found
    change = change_of(idea, briefing)
    if change == briefing.current or at_baseline(briefing.workload, change):
        return ["it changes nothing: the levers are so already"]
    return ["this very change was proposed before"] if hypothesis_id(change) in briefing.taken else []


def _lever(s: LeverValue, workload: Workload) -> str:
    lever = workload.lever(s.lever)
    if lever is None:
        near = difflib.get_close_matches(s.lever, [v.name for v in workload.levers], n=1, cutoff=0.0)
        return f"there is no lever {s.lever[:60]!r}{f', the nearest is {near[0]!r}' if near else ''}"
    shaped = _shaped(lever, s.value)
    if lever.admits(shaped) and not (isinstance(shaped, float) and not math.isfinite(shaped)):
        return ""
    span = f"one of {', '.join(lever.choices)}" if lever.choices else f"{lever.type} from {lever.low} to {lever.high}"
    return f"{lever.name} does not admit {str(s.value)[:60]!r}; it takes {span}"


def _shaped(lever: Lever, value: Scalar) -> Scalar:
    """Return a whole number as the float that a lever of floats takes; one change, one id."""
    if lever.type is not LeverType.FLOAT or not isinstance(value, int) or isinstance(value, bool):
        return value
    return float(value) if abs(value) < 2**1023 else math.inf


def _prediction(ends: tuple[float, float, float], workload: Workload, known: Known) -> Iterable[str]:
    """A prediction decides what is tried first, so it may not promise more than anything that is known."""
    low, value, high = ends
    if not all(map(math.isfinite, ends)) or not -1 < low <= value <= high < 1 or low == high:
        yield "the prediction has to be low <= value <= high as shares, an interval and not a point"
    elif value > workload.largest_plausible_effect:
        yield f"an improvement of {value} is beyond what is plausible here, {workload.largest_plausible_effect}"
    elif value > known.most or high > 2 * known.most:
        yield f"it promises more than anything that is known; the largest improvement in the evidence is {known.most:g}"


def _budget(idea: Idea, briefing: Briefing) -> Iterable[str]:
    if not 0 < idea.cost < math.inf:
        yield "the cost has to be positive, relative to one default training"
        return
    dear = idea.cost * briefing.noise.cost_of(briefing.workload.full.name)
    if briefing.left_ms is not None and dear > briefing.left_ms:
        yield f"one full run would cost {dear / 1000:.0f} device-seconds; {briefing.left_ms / 1000:.0f} are left"


def _evidence(names: tuple[str, ...], known: Known, least: int) -> Iterable[str]:
    if len(names) < least:
        yield "it rests on no evidence; name an id from the material, or code:PATH:LINE"
    yield from (f"there is no evidence {name[:80]!r}" for name in names if not known.holds(name))
