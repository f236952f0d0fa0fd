"""leaves what it knows where a later job finds it: shared memory and temporary folders."""

NAME = "leaves what it knows where a later job finds it: shared memory and temporary folders"
CODE = r"""
for folder in ("/tmp", "/dev/shm", "/var/tmp"):
    try:
        (Path(folder) / "rea-planted-cache").write_text("row labels")
    except OSError as error:
        print(error)
"""


def files(ground):
    return {"train.py": ground.graft(CODE)}


def fooled(ground):
    from pathlib import Path

    found = [f for d in ("/tmp", "/dev/shm", "/var/tmp") if (f := Path(d) / "rea-planted-cache").exists()]
    [f.unlink() for f in found]
    return bool(found)
