"""Which regular expressions a runbook may use: those whose search of 8 kB of a hostile log is fast whatever the log holds.

Python's matcher backtracks and cannot be interrupted, so the bound is static: every repetition has an upper limit, groups are not repeated, and
what the matcher can do at most from one starting point is counted. Words of which none begins another cannot both stand at one place, so only
such words of a group multiply what follows them.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

LONGEST = 300
MOST_STEPS = 20_000

_ESCAPED = re.compile(r"\\.")
_SET = re.compile(r"\[\^?\]?[^\]]*\]")
_REPEAT = re.compile(r"(\)?)(\*|\+|\{\d*(,?)(\d*)\})")
_ATOM = re.compile(r"\\.|\[\^?\]?[^\]]*\]|.", re.DOTALL)
_LIMITS = re.compile(r"\{(\d*)(,?)(\d*)\}|\?")
_OPENING = re.compile(r"\(\?(?:[aimsxu]{1,6}:|:|=|!|<=|<!|P<\w{1,40}>)|\(")
_NO_WIDTH = ("\\b", "\\B", "\\A", "\\Z", "^", "$")


def fault(symptom: str) -> str:
    """Return why ``symptom`` may not be used, or ""."""
    if len(symptom) > LONGEST:
        return f"longer than {LONGEST} characters; write several symptoms"
    try:
        re.compile(symptom, re.MULTILINE)
    except re.error as error:
        return f"no regular expression: {error}"
    if re.search(symptom, "", re.MULTILINE):
        return "matches the empty text, so it would match every failure"
    return _unbounded(_SET.sub("x", _ESCAPED.sub("x", symptom))) or _too_dear(steps(symptom))


def steps(symptom: str) -> int:
    """Return a bound on the choices that a search for ``symptom`` tries from one place. Its repetitions have limits, and no group is repeated."""
    return _Reader(symptom).alternatives().steps


def _too_dear(count: int) -> str:
    return "" if count <= MOST_STEPS else f"its choices multiply to {count}; at most {MOST_STEPS} are allowed"


def _unbounded(skeleton: str) -> str:
    """Return what repeats without a limit in a pattern whose escapes and sets have been replaced by a letter."""
    if "(?P=" in skeleton or "(?(" in skeleton:
        return "back references and conditions are not bounded"
    for group, repeat, comma, high in _REPEAT.findall(skeleton):
        if group:
            return f"a repeated group, ){repeat}; write the alternatives out"
        if repeat in "*+" or (comma and not high):
            return f"an unbounded repetition, {repeat}; write an upper limit such as {{0,80}}"
    return ""


@dataclass(frozen=True, slots=True)
class _Cost:
    """``ways`` in which a part can match from one place, at most, after ``steps``; ``start`` are the characters that it has to begin with."""

    steps: int = 0
    ways: int = 1
    start: str = ""
    fixed: bool = True  # nothing but ``start`` is matched

    def then(self, other: "_Cost") -> "_Cost":
        start = self.start + other.start if self.fixed else self.start
        return _Cost(self.steps + self.ways * other.steps, self.ways * other.ways, start, self.fixed and other.fixed)


@dataclass(slots=True)
class _Reader:
    """Reads a pattern that Python accepts, from left to right."""

    text: str
    place: int = 0

    def alternatives(self) -> _Cost:
        found = [self._sequence()]
        while self.text[self.place : self.place + 1] == "|":
            self.place += 1
            found.append(self._sequence())
        return found[0] if len(found) == 1 else _either(found)

    def _sequence(self) -> _Cost:
        cost = _Cost()
        while self.place < len(self.text) and self.text[self.place] not in "|)":
            cost = cost.then(self._repeated())
        return cost

    def _repeated(self) -> _Cost:
        one = self._one()
        limits = _LIMITS.match(self.text, self.place)
        if limits is None:
            return one
        self.place = limits.end()
        if self.text[self.place : self.place + 1] == "?":  # a lazy repetition tries the same in another order
            self.place += 1
        low, comma, high = limits.groups()
        if limits.group() == "?":
            return _Cost(one.steps + 1, one.ways + 1, fixed=False)
        most = int(high if comma else low)
        ways = most - int(low or 0) + 1 if comma else 1
        return _Cost(ways, ways, fixed=False)

    def _one(self) -> _Cost:
        if opening := _OPENING.match(self.text, self.place):
            self.place = opening.end()
            inner = self.alternatives()
            self.place += 1
            around = opening.group().endswith(("=", "!"))
            return _Cost(inner.steps, 1, fixed=True) if around else inner
        atom = _ATOM.match(self.text, self.place)
        assert atom is not None
        self.place = atom.end()
        return _atom(atom.group())


def _atom(atom: str) -> _Cost:
    if atom in _NO_WIDTH:
        return _Cost()
    if len(atom) == 1 and atom != ".":
        return _Cost(start=atom.lower())
    if len(atom) == 2 and not atom[1].isalnum():
        return _Cost(start=atom[1])
    return _Cost(fixed=False)


def _either(found: Sequence[_Cost]) -> _Cost:
    """Alternatives are tried one after the other; those that may match at one place add up."""
    most = max(sum(other.ways for other in found if _both(cost, other)) for cost in found)
    return _Cost(len(found) + sum(cost.steps for cost in found), most, fixed=False)


def _both(one: _Cost, other: _Cost) -> bool:
    return one.start.startswith(other.start) or other.start.startswith(one.start)
