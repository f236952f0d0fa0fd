"""Whether a sentence says no more than the facts that it cites. Where that cannot be told, it does not. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence

from rea.report.prose.figures import NOUNS, Figure, read
from rea.report.prose.stated import Stated, Value

LONGEST = 400

_BETTER = r"improv\w*|better|gains?|gained|help\w*|benefi\w*|outperform\w*|wins?|won|success\w*|posit\w*"
_WORSE = r"worse\w*|hurt\w*|harm\w*|degrad\w*|loss(?:es)?|loses?|lost|regress\w*|deteriorat\w*|negat\w*"
_UP = r"rose|risen|ris(?:es|ing)|increas\w*|grew|grow\w*|higher|rais\w*|up"
_DOWN = r"fell|fall\w*|drop\w*|decreas\w*|reduc\w*|lower\w*|down|shrank|declin\w*|cut"
_NOT = re.compile(
    r"\b(?:not|no|never|without|neither|nor|hardly|none|cannot|fail\w*|far from|rather than|instead|unlike|contrary|opposite|revers\w*)\b|n't\b",
    re.IGNORECASE,
)
_METRICS = re.compile(
    r"\b(?:NE|G?AUC|log[ -]?loss|calibration|accuracy|precision|recall|CTR|N?DCG|RMSE|latency|revenue|clicks?)\b",
    re.IGNORECASE,
)
_NEUTRAL = re.compile(r"\b(?:effects?|differ\w*|improvement)\b", re.IGNORECASE)
_NO_UNIT = re.compile(  # as ``figures`` makes words singular
    r"|to|and|or|with|under|in|for|at|i|wa|from|a|on|than|while|but|which|after|before|by|of|instead|against|where|so|the|per"
)


def _words(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{pattern})\b", re.IGNORECASE)


_BETTER_RE, _WORSE_RE, _UP_RE, _DOWN_RE = map(_words, (_BETTER, _WORSE, _UP, _DOWN))


def faults(text: str, cited: Sequence[str], facts: Mapping[str, Stated]) -> list[str]:
    """Return why a sentence does not stand; nothing where it does."""
    if not 0 < len(text.strip()) <= LONGEST or not text.replace("\u00a0", " ").isprintable():
        return [f"a sentence is one printable line of at most {LONGEST} characters"]
    missing = [name for name in cited if name not in facts]
    if missing or not cited:
        return [f"there is no fact {missing[0][:40]!r}" if missing else "it cites no fact"]
    used = [facts[name] for name in cited]
    return [*_numbers(text, used), *_metrics(text, used), *_direction(text, used)]


def _numbers(text: str, used: Sequence[Stated]) -> Iterator[str]:
    figures, names = read(text)
    values = [value for fact in used for value in fact.values]
    for figure in figures:
        if not any(_stands(figure, value, text) for value in values):
            yield f"{figure.text!r} ({figure.unit or 'no unit'}) does not stand in the facts that it cites"
    known = {word for fact in used for word in re.split(r"[\s,;:]+", fact.text)}
    known |= {part for word in known for part in word.split("=")}
    yield from (f"{name!r} does not stand in the facts that it cites" for name in names if name not in known)


def _metrics(text: str, used: Sequence[Stated]) -> Iterator[str]:
    """A metric is named only where the facts name it."""
    told, said = ({found.lower() for found in _METRICS.findall(x)} for x in (" ".join(f.text for f in used), text))
    yield from (f"the facts that it cites say nothing of {name}" for name in sorted(said - told))


def _stands(figure: Figure, value: Value, text: str) -> bool:
    if not _same_unit(figure.unit, value.unit):
        return False
    if value.unit in NOUNS:
        return figure.number == value.number
    number = value.number
    if value.good and not figure.signed:
        said = _said(text, value)
        if not said and not _NEUTRAL.search(text):
            return False
        number *= value.good * (said or 1)
    return abs(figure.number - number) <= 0.5 * 10.0**-figure.decimals * (1 + 1e-9) and bool(figure.number) == bool(
        number
    )


def _same_unit(written: str, meant: str) -> bool:
    """A unit is the fact's own. After a level without one stands nothing, or a word that is surely no unit."""
    return written == meant if meant else bool(_NO_UNIT.fullmatch(written))


def _direction(text: str, used: Sequence[Stated]) -> Iterator[str]:
    """A sentence that says better or worse says it of every directed value that it cites, and denies nothing."""
    directed = [value for fact in used for value in fact.values if value.good]
    said = {_said(text, value) for value in directed}
    if not directed or said == {0}:
        return
    if None in said:
        yield "it says better and worse in one sentence: make it two"
    elif _NOT.search(text):
        yield "it denies a direction: say what was measured instead"
    elif any(_said(text, v) != (1 if v.number * v.good > 0 else -1) for v in directed):
        yield "its direction is not that of every fact that it cites"


def _said(text: str, value: Value) -> int | None:
    """Return +1 where the words say good news of ``value``, -1 bad, 0 neither; None for both."""
    found = {1} if _BETTER_RE.search(text) else set()
    found |= {-1} if _WORSE_RE.search(text) else set()
    found |= {value.up} if _UP_RE.search(text) else set()
    found |= {-value.up} if _DOWN_RE.search(text) else set()
    return None if len(found) > 1 else found.pop() if found else 0
