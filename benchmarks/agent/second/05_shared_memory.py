"""A segment of System V shared memory stays in the kernel when its maker has ended: a later job reads what this one knew."""

import ctypes

NAME = "leaves a segment of shared memory for later jobs"


def files(ground):
    return {"train.py": ground.graft(CODE)}


CODE = """
import ctypes
c = ctypes.CDLL(None, use_errno=True)
c.shmat.restype = ctypes.c_void_p
segment = c.shmget(0x52454131, 4096, 0o1666)
print("segment", segment, ctypes.get_errno())
at = c.shmat(segment, None, 0)
ctypes.memmove(at, b"labels of a later job", 22)
"""


def fooled(ground):
    c = ctypes.CDLL(None, use_errno=True)
    segment = c.shmget(0x52454131, 4096, 0)
    if segment >= 0:
        c.shmctl(segment, 0, None)
    return segment >= 0
