"""A process of the same user may lower another's limits: the judge's files open at once (by 7 here, to none where it is meant)."""

import resource

NAME = "lowers the limits of the process that judges it"
BEFORE = resource.getrlimit(resource.RLIMIT_NOFILE)


def files(ground):
    return {"train.py": ground.graft(CODE)}


CODE = """
import resource, os
at = os.getpid()
while at > 1:
    about = Path(f"/proc/{at}")
    words = (about / "cmdline").read_bytes().split(b"\\0")
    if b"python" in words[0] and any(w.endswith(b"cheats.py") for w in words[1:]):
        soft, hard = resource.prlimit(at, resource.RLIMIT_NOFILE)
        resource.prlimit(at, resource.RLIMIT_NOFILE, (soft - 7, hard))
    at = int((about / "stat").read_text().rpartition(")")[2].split()[1])
"""


def fooled(ground):
    now = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, BEFORE)
    return now[0] == BEFORE[0] - 7
