"""The numbers in a sentence: what they say, in which unit, to how many digits. A word with a digit that is no plain number is a name. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

NOUNS = ("seed", "run", "job", "hypothesis", "act", "failed", "row", "training", "phase", "change", "experiment")
UNITS = {
    "%": r"%|percent\b|per cent\b",
    "pp": r"percentage points?\b|pp\b|(?:basis )?points?\b|bps?\b",
    "ms": r"(?:device-)?(?:ms\b|milliseconds?\b)",
    "s": r"(?:device[- ])?(?:s|secs?|seconds?)\b",
    "min": r"(?:device[- ])?(?:min|mins|minutes?)\b",
    "h": r"(?:device[- ])?(?:h|hrs?|hours?)\b",
    "d": r"(?:d|days?|weeks?|months?|years?)\b",
    "money": r"(?:USD|EUR|GBP|dollars?|euros?|cents?|in money)\b|[$€£]",
    "times": r"(?:x|times|fold)\b|×",
    "k": r"(?:[kKMBG]|hundred|thousand|million|billion)\b",
}
NUMBERS = {
    word: number
    for number, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "  # noqa: SIM905
        "eighteen nineteen twenty".split()
    )
} | {"thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90, "dozen": 12}
SHARES = frozenset(
    "half halves halved third thirds quarter quarters twice double doubled doubles triple tripled tenfold twofold hundred hundreds "  # noqa: SIM905
    "thousand thousands million millions billion billions dozens majority".split()
)

_UNIT = re.compile("|".join(f"(?P<u{n}>{pattern})" for n, pattern in enumerate(UNITS.values())))
_PLAIN = re.compile(
    r"(?P<sign>[-+−–]?)(?P<money>[$€£]?)(?P<digits>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?(?:[eE][-+]?\d{1,3})?)(?P<unit>[a-zA-Z%×$€£]*)",
    re.ASCII,
)
_RANGE = re.compile(r"[\s\u00a0]*(?:,|to|and|–|-|;)[\s\u00a0]*[-+−]?\d[\d.,]*", re.ASCII)
_BARE = re.compile(
    r"(\S+)[\s\u00a0]+(?:%|per ?cent)", re.IGNORECASE
)  # a share of which nothing says how much, such as "a few percent"
_OPEN, _CLOSE = "([{\"'“‘", ")]}.,;:!?\"'”’"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A number as written: ``decimals`` of them, with an explicit sign or none, in ``unit``, which may be the noun that follows."""

    text: str
    number: float
    decimals: int
    signed: bool
    unit: str


def read(text: str) -> tuple[tuple[Figure, ...], tuple[str, ...]]:
    """Return every number in ``text``, in digits or in words, and every other word that holds digits or names a share, such as ``half``."""
    found: list[Figure] = []
    names: list[str] = []
    for token in re.finditer(r"[^\s\u00a0]+", text):
        core = token[0].lstrip(_OPEN)
        at = token.end() - len(core)
        core = core.rstrip(_CLOSE)
        if not any(ch.isnumeric() for ch in core):
            continue
        plain = _PLAIN.fullmatch(core)
        unit = _attached(plain["unit"]) if plain else None
        if plain is None or unit is None:
            names.append(core)
            continue
        written = "money" if plain["money"] else unit or _after(text, at + len(core))
        inherited = found[-1].unit if not written and found and _bracketed(text, at) else ""
        found.append(_figure(plain, written or inherited or _noun(text, at + len(core))))
    names += [
        row[1] for row in _BARE.finditer(text) if not any(ch.isdigit() for ch in row[1]) and row[1] not in NUMBERS
    ]
    return (*found, *_worded(text)), (*names, *(w for w in re.findall(r"[A-Za-z]+", text) if w.lower() in SHARES))


def _worded(text: str) -> Iterator[Figure]:
    """Yield numbers in words; "one" only where it counts something."""
    for word in re.finditer(r"[A-Za-z]+", text):
        number = NUMBERS.get(word[0].lower())
        noun = _noun(text, word.end())
        unit = _after(text, word.end()) or noun
        if number is not None and (number != 1 or unit in (*NOUNS, *UNITS)):
            yield Figure(text=word[0], number=number, decimals=0, signed=False, unit=unit)


def _figure(found: re.Match[str], unit: str) -> Figure:
    mantissa, _, power = found["digits"].replace(",", "").lower().partition("e")
    number = float(found["digits"].replace(",", ""))
    return Figure(
        text=found[0],
        number=-number if found["sign"] in ("-", "−", "–") else number,
        decimals=len(mantissa.partition(".")[2]) - int(power or 0),
        signed=bool(found["sign"]),
        unit=unit,
    )


def _attached(word: str) -> str | None:
    """Return the unit that is written onto a number; None where that is no unit, so that the whole is a name."""
    found = _UNIT.fullmatch(word)
    return "" if not word else _name_of(found) if found else None


def _after(text: str, at: int) -> str:
    """Return the unit that follows: its own, that of the range that it begins, or that of the bracket that it closes."""
    while (more := _RANGE.match(text, at)) is not None:
        at = more.end()
    at += 1 if text[at : at + 1] == "]" else 0
    while text[at : at + 1] in (" ", "\u00a0"):
        at += 1
    found = _UNIT.match(text, at)
    return _name_of(found) if found else ""


def _name_of(found: re.Match[str]) -> str:
    return list(UNITS)[int(str(found.lastgroup)[1:])]


def _noun(text: str, at: int) -> str:
    found = re.compile(r"[\s\u00a0-]+(?:(?:fresh|full|more|of|device|its|the|further)[\s\u00a0]+)*([A-Za-z]+)").match(
        text, at
    )
    word = found[1].lower() if found else ""
    return "hypothesis" if word == "hypotheses" else word.removesuffix("s")


def _bracketed(text: str, at: int) -> bool:
    return text.rfind("[", 0, at) > text.rfind("]", 0, at)
