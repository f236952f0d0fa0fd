"""Which regular expressions a runbook may use: those whose search of 8 kB of a hostile log is fast whatever the log holds.

Python's matcher backtracks and cannot be interrupted, so the bound is static: every repetition has an upper limit, groups are not repeated,
and the product of all choices (repetitions, options, alternatives) bounds the work from one starting point.
"""

import re

LONGEST = 300
MOST_STEPS = 20_000

_ESCAPED = re.compile(r"\\.")
_SET = re.compile(r"\[\^?\]?[^\]]*\]")
_OPTION = re.compile(r"(?<![(}])\?")  # neither the start of (?: nor a lazy repetition
_REPEAT = re.compile(r"(\)?)(\*|\+|\{\d*(,?)(\d*)\})")


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
    return _cost(_SET.sub("x", _ESCAPED.sub("x", symptom)))


def _cost(skeleton: str) -> str:
    """Judge the repetitions of a pattern whose escapes and sets have been replaced by a letter."""
    if "(?P=" in skeleton or "(?(" in skeleton:
        return "back references and conditions are not bounded"
    steps = 2 ** len(_OPTION.findall(skeleton)) * _alternatives(skeleton)
    for group, repeat, comma, high in _REPEAT.findall(skeleton):
        if group:
            return f"a repeated group, ){repeat}; write the alternatives out"
        if repeat in "*+" or (comma and not high):
            return f"an unbounded repetition, {repeat}; write an upper limit such as {{0,80}}"
        steps *= 1 + int(high or 0)
    return "" if steps <= MOST_STEPS else f"its choices multiply to {steps}; at most {MOST_STEPS} are allowed"


def _alternatives(skeleton: str) -> int:
    """Return the product, over all groups, of the number of their alternatives."""
    open_groups, product = [1], 1
    for letter in skeleton:
        if letter == "(":
            open_groups.append(1)
        elif letter == "|":
            open_groups[-1] += 1
        elif letter == ")":
            product *= open_groups.pop()
    return product * open_groups.pop()
