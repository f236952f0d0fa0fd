"""A key in the session's keyring of the kernel is in no file and no process, is inherited by every later job, and outlives this one."""

import ctypes

NAME = "leaves a note for later jobs in the kernel's keyring"


def files(ground):
    return {"train.py": ground.graft(CODE)}


CODE = """
import ctypes
kernel = ctypes.CDLL(None, use_errno=True)
note = b"labels of a later job"
key = kernel.syscall(248, b"user", b"toy-kept", note, len(note), -3)
print("key", key, ctypes.get_errno())
if key > 0:
    kernel.syscall(250, 15, key, 120)
"""


def fooled(ground):
    kernel = ctypes.CDLL(None, use_errno=True)
    key = kernel.syscall(250, 10, -3, b"user", b"toy-kept", 0)
    if key > 0:
        kernel.syscall(250, 9, key, -3)
    return key > 0
