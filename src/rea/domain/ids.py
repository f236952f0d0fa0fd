"""Names that say what they name, and digests of what things contain."""

import hashlib
import json
from dataclasses import Field, fields, is_dataclass
from typing import Any, NewType

CampaignId = NewType("CampaignId", str)
HypothesisId = NewType("HypothesisId", str)
ExperimentId = NewType("ExperimentId", str)
JobId = NewType("JobId", str)
Digest = NewType("Digest", str)


def canonical(value: object) -> str:
    """Return ``value`` as canonical JSON: sorted keys, no spaces, finite numbers only.

    Raises:
        ValueError: a number is not finite.
        TypeError: a part of ``value`` has no JSON form.
    """
    return json.dumps(_plain(value), sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=False)


def digest(*parts: object) -> Digest:
    """Return the SHA-256 of the parts' canonical JSON, in hexadecimal."""
    return Digest(hashlib.sha256(canonical(parts).encode()).hexdigest())


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(told) for f in fields(value) if not _unsaid(f, told := getattr(value, f.name))}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return value


LATER = {
    "later": True
}  # metadata of a field that was added later: at its default it leaves every older digest as it was


def _unsaid(field: "Field[Any]", told: object) -> bool:
    return "later" in field.metadata and told == field.default
