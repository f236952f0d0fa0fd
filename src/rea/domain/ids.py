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

NO_CAMPAIGN = CampaignId("")
NO_DIGEST = Digest("")

LATER = {"later": True}
"""Metadata of a field that a value gained later: it counts for digests only where it is not its default, so that old digests stay."""


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
        told = ((f, getattr(value, f.name)) for f in fields(value))
        return {f.name: _plain(part) for f, part in told if not _untold(f, part)}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return value


def _untold(field: "Field[Any]", part: object) -> bool:
    return bool(field.metadata.get("later")) and part == field.default
