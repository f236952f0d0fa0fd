"""Records of jobs that are over, as bytes and back. Most are alike, so that each is written as what it differs by from a usual one."""

import zlib
from collections.abc import Iterable
from functools import cache, lru_cache

import msgspec

from rea.domain.change import BASELINE
from rea.domain.event import Measured
from rea.domain.evidence import Measurement
from rea.domain.experiment import Phase, Purpose
from rea.domain.ids import Digest, ExperimentId, JobId
from rea.domain.job import Job, JobState, JobStatus
from rea.domain.records import JobRecord
from rea.domain.runbook import Cause, Remedy, Treatment
from rea.domain.workload import MetricName

LEVEL = 6  # of zlib: packed once, read hardly ever
_encoder = msgspec.msgpack.Encoder()
_records = msgspec.msgpack.Decoder(list[JobRecord])


def pack(records: Iterable[JobRecord]) -> bytes:
    """Return records in few bytes."""
    packing = zlib.compressobj(LEVEL, zdict=_usual())
    return packing.compress(_encoder.encode(list(records))) + packing.flush()


@lru_cache(maxsize=256)
def unpack(packed: bytes) -> dict[JobId, JobRecord]:
    """Return what ``pack`` was given, by name. Raises zlib.error or msgspec.MsgspecError when it is something else."""
    return {record.job.id: record for record in _records.decode(zlib.decompressobj(zdict=_usual()).decompress(packed))}


@cache
def _usual() -> bytes:
    """Return a job that was preempted and one that succeeded, as records write them: what zlib refers to instead of repeating it."""
    job = Job(
        id=JobId("0.select.s0.a0"),
        experiment=ExperimentId("0"),
        index=0,
        purpose=Purpose.SELECT,
        phase=Phase.EXPLOITATION,
        attempt=0,
        seed=0,
        fidelity="full",
        change=BASELINE,
    )
    lost = JobRecord(
        job=job,
        state=JobState.LOST,
        status=JobStatus(state=JobState.LOST, reason="preempted"),
        treatment=Treatment(
            entry="preempted", cause=Cause.INFRASTRUCTURE, remedy=Remedy.RETRY, reason="", changed=False
        ),
    )
    measurement = Measurement(metric=MetricName.NE, value=0.5, rows=1000)
    succeeded = JobRecord(
        job=job,
        state=JobState.SUCCEEDED,
        status=JobStatus(state=JobState.SUCCEEDED, reason="exit 0", seconds=60.0),
        measured=Measured(job=job.id, measurements=(measurement,), fingerprint=Digest("0" * 64)),
    )
    return _encoder.encode([lost, succeeded])
