"""Jobs that are over lie packed: in few bytes, and as they were for whoever asks."""

import zlib

import msgspec
import pytest

from rea.campaign.packing import pack, unpack
from rea.testing.simulation import Truth, World


def test_packed_jobs_are_as_they_were_and_take_half_of_what_compression_alone_makes_of_them() -> None:
    world = World(truth=Truth(effects={"lever0": 0.01}), budget_s=3000.0)
    jobs = list(world.run().jobs.values())
    assert len(jobs) > 5
    packed = [pack([job]) for job in jobs]
    assert [unpack(each) for each in packed] == [{job.job.id: job} for job in jobs]
    alone = sum(len(zlib.compress(msgspec.msgpack.encode([job]))) for job in jobs)
    assert sum(map(len, packed)) < alone / 2


@pytest.mark.parametrize("wrong", [b"", b"no pack", zlib.compress(b"\xff")])
def test_what_is_no_pack_is_told(wrong: bytes) -> None:
    with pytest.raises((zlib.error, msgspec.MsgspecError)):
        unpack(wrong)
