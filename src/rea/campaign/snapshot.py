"""A folded campaign as bytes and back: a cache, bound to the code that folded it. What is over is packed, and unpacked for whoever asks."""

import zlib
from dataclasses import fields
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, get_type_hints

import msgspec

from rea import domain
from rea.campaign import evolve, folding, packing
from rea.campaign.packing import pack, unpack
from rea.domain.campaign import Campaign
from rea.domain.ids import JobId
from rea.domain.job import JobState
from rea.domain.records import Attempts, JobRecord, Jobs, numbered

_APART = ("jobs", "attempts", "alike", "memo")  # packed; packed; follows from the experiments; follows from the rest
LOOSE = 200  # of the latest jobs, so that whoever looks at what happened lately sees it in its order
_encoder = msgspec.msgpack.Encoder()


class Kept(msgspec.Struct, frozen=True):
    """What is written: most of a campaign, each field compressed by itself so that never all of it lies there twice, its jobs apart."""

    told: dict[str, bytes]
    loose: list[JobRecord]
    packs: dict[str, bytes]
    packed: int
    attempts: dict[str, tuple[JobId, ...]]
    counts: dict[str, int]


_kept = msgspec.msgpack.Decoder(Kept)


@cache
def version() -> int:
    """Return a number of the code that folds, so that what other code has folded is never read. Positive, below 2**31."""
    packages = (Path(str(module.__file__)).parent for module in (domain, folding))
    files = [file for package in packages for file in sorted(package.glob("*.py"))]
    text = b"".join(
        file.read_bytes()
        for file in (*files, *(Path(str(module.__file__)) for module in (evolve, packing)), Path(__file__))
    )
    return int(sha256(text).hexdigest()[:8], 16) % 2**31


def freeze(campaign: Campaign) -> bytes:
    """Return ``campaign`` as the bytes of a ``Kept``. What was packed before is copied as it lies."""
    jobs, attempts = campaign.jobs, campaign.attempts
    loose, fresh = jobs.loose(), _fresh_packs(campaign)
    gone = {job for key in fresh for job in attempts[key]}
    kept = {
        "told": {name: zlib.compress(_encoder.encode(getattr(campaign, name)), 1) for name in _types()},
        "loose": [record for job, record in loose.items() if job not in gone],
        "packs": jobs.packs | {key: pack(loose[j] for j in attempts[key]) for key in fresh},
        "packed": jobs.packed + len(gone),
        "attempts": {key: made for key, made in attempts.loose().items() if key not in fresh},
        "counts": attempts.counts | {key: len(attempts[key]) for key in fresh},
    }
    return _encoder.encode(kept)


def thaw(payload: bytes) -> Campaign:
    """Return what ``freeze`` was given. Raises msgspec.MsgspecError, zlib.error or KeyError when it is something else."""
    kept = _kept.decode(payload)
    told = {
        name: msgspec.msgpack.decode(zlib.decompress(kept.told[name]), type=kind) for name, kind in _types().items()
    }
    jobs = Jobs({record.job.id: record for record in kept.loose}, kept.packs, kept.packed, unpack)
    found = Campaign(**told, jobs=jobs, attempts=Attempts(kept.attempts, kept.counts))
    found.alike = {
        (e.fidelity, e.change): e.id for e in reversed(found.experiments.values())
    }  # the first of its kind counts
    return found


def _fresh_packs(c: Campaign) -> list[str]:
    """Return the replicates whose jobs are all over, named as they are numbered, and none of the latest."""
    loose, late = c.jobs.loose(), set[str]()
    for job in list(loose)[-LOOSE:]:
        late.add(loose[job].job.replicate.key)
    return [key for key, made in c.attempts.loose().items() if key not in late and _over(c, key, made, loose)]


def _over(c: Campaign, key: str, made: tuple[JobId, ...], loose: dict[JobId, JobRecord]) -> bool:
    over = key not in c.unsettled and made == numbered(key, len(made))
    return over and all(job not in c.open_jobs and job in loose and _done(loose[job]) for job in made)


def _done(record: JobRecord) -> bool:
    return record.state is JobState.CANCELLED or (
        record.state.ended and (record.judged or record.treatment is not None)
    )


@cache
def _types() -> dict[str, Any]:
    hints = get_type_hints(Campaign)
    return {f.name: hints[f.name] for f in fields(Campaign) if f.name not in _APART}
