"""A folded campaign as bytes and back: a cache, bound to the code that folded it. Settled jobs stay bytes until somebody asks for them."""

from dataclasses import fields
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, get_type_hints

import msgspec

from rea import domain
from rea.campaign import evolve, folding
from rea.domain.campaign import Campaign, JobRecord, Jobs
from rea.domain.ids import JobId

_SKIPPED = ("jobs", "alike", "memo")  # frozen one by one; follows from the experiments; follows from the rest
_encoder = msgspec.json.Encoder()
_record = msgspec.json.Decoder(JobRecord)


@cache
def version() -> int:
    """Return a number of the code that folds, so that what other code has folded is never read. Positive, below 2**31."""
    packages = (Path(str(module.__file__)).parent for module in (domain, folding))
    files = [file for package in packages for file in sorted(package.glob("*.py"))]
    text = b"".join(file.read_bytes() for file in (*files, Path(str(evolve.__file__)), Path(__file__)))
    return int(sha256(text).hexdigest()[:8], 16) % 2**31


def freeze(campaign: Campaign) -> bytes:
    """Return ``campaign`` as JSON, field by field; what was frozen before is copied as it lies."""
    told: dict[str, Any] = {f.name: getattr(campaign, f.name) for f in fields(campaign) if f.name not in _SKIPPED}
    return _encoder.encode(told | {"jobs": {job: campaign.jobs.frozen(job) for job in campaign.jobs}})


def thaw(payload: bytes) -> Campaign:
    """Return what ``freeze`` was given. Raises msgspec.MsgspecError when it is something else."""
    raw = msgspec.json.decode(payload, type=dict[str, msgspec.Raw])
    types = _types()
    jobs = msgspec.json.decode(raw["jobs"], type=dict[JobId, msgspec.Raw])
    told = {name: msgspec.json.decode(raw[name], type=kind) for name, kind in types.items()}
    found = Campaign(**told, jobs=Jobs(jobs, _record.decode))  # type: ignore[arg-type]
    for job in found.open_jobs:
        found.jobs[job] = found.jobs[job]
    for experiment in found.experiments.values():
        found.alike.setdefault((experiment.fidelity, experiment.change), experiment.id)
    return found


@cache
def _types() -> dict[str, Any]:
    return {name: kind for name, kind in get_type_hints(Campaign).items() if name not in _SKIPPED}
