"""A key in a keyring of the kernel (the session's or the user's) is in no file or process, is inherited by later jobs, and outlives this one."""

import ctypes

NAME = "leaves a note for later jobs in the kernel's keyring"


def files(ground):
    return {"train.py": ground.graft(CODE)}


CODE = """
import ctypes
kernel = ctypes.CDLL(None, use_errno=True)
note = b"labels of a later job"
for ring in (-3, -4):
    key = kernel.syscall(248, b"user", b"toy-kept", note, len(note), ring)
    print("key", key, ctypes.get_errno())
    if key > 0:
        kernel.syscall(250, 15, key, 120)
"""


def fooled(ground):
    kernel = ctypes.CDLL(None, use_errno=True)
    found = False
    for ring in (-3, -4):
        key = kernel.syscall(250, 10, ring, b"user", b"toy-kept", 0)
        if key > 0:
            found = True
            kernel.syscall(250, 9, key, ring)
    return found
