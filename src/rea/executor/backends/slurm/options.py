"""What a site asks for at submission (partition, account, GPUs), as options of sbatch that are checked one by one."""

import shlex
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Self

from rea.domain.errors import UsageError

VARIABLE = "REA_SLURM_OPTIONS"
DEVICES = "{devices}"

_PLACE = ("partition", "account", "qos", "reservation", "wckey")  # of the wake as well as of the job
_RESOURCES = (
    *("gres", "gpus", "gpus-per-node", "gpus-per-task", "gpu-bind", "gpu-freq", "cpus-per-gpu", "mem-per-gpu"),
    *("cpus-per-task", "mem", "mem-per-cpu", "tmp", "constraint", "nodelist", "exclude", "licenses", "exclusive"),
    *("threads-per-core", "hint", "nice", "prefer", "tres-per-task", "switches", "core-spec"),
)
_REQUEUE, _EXCLUDE = "requeue", "exclude"
_KNOWN = (*_PLACE, *_RESOURCES, _REQUEUE)


@dataclass(frozen=True, slots=True)
class Options:
    """Words for sbatch. ``{devices}`` in one of them stands for the devices of a job; where none has it, a device is a CPU.

    ``--requeue`` lets Slurm start a preempted job again under the same name. Raises UsageError for what rea decides itself.
    """

    words: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for word in self.words:
            _check(word)

    @classmethod
    def of(cls, text: str) -> Self:
        """Return the options in ``text``, quoted as in a shell."""
        try:
            return cls(tuple(shlex.split(text)))
        except ValueError as error:
            raise UsageError(f"{VARIABLE}={text!r}: {error}", "close the quotation") from error

    @property
    def requeue(self) -> bool:
        """Whether Slurm may start a job again that it preempted or whose node failed."""
        return f"--{_REQUEUE}" in self.words

    def of_job(self, devices: int, avoid: tuple[str, ...] = ()) -> tuple[str, ...]:
        """Return the options of a job with this many devices, which is not to run on the nodes to ``avoid`` beside those excluded anyway.

        Where a site names the nodes to use, that stands: Slurm would refuse a node that is both wanted and excluded.
        """
        shared = () if any(DEVICES in word for word in self.words) else (f"--cpus-per-task={DEVICES}",)
        again = () if self.requeue else ("--no-requeue",)
        words = (*shared, *self.words, *again)
        if avoid and not any(_name(word) == "nodelist" for word in self.words):
            excluded = [word.split("=", 1)[1] for word in self.words if _name(word) == _EXCLUDE]
            words = (*(w for w in words if _name(w) != _EXCLUDE), f"--{_EXCLUDE}={','.join((*excluded, *avoid))}")
        return tuple(word.replace(DEVICES, str(devices)) for word in words)

    def of_wake(self) -> tuple[str, ...]:
        """Return the options of a wake, which needs a place but no device."""
        return (*(word for word in self.words if _name(word) in _PLACE), "--no-requeue")


def _name(word: str) -> str:
    return word.removeprefix("--").split("=", 1)[0]


def _check(word: str) -> None:
    name = _name(word)
    if word.startswith("--") and name in _KNOWN and (("=" in word) != (name in (_REQUEUE, "exclusive"))):
        return
    near = get_close_matches(name, _KNOWN, n=1)
    hint = f"did you mean --{near[0]}=…?" if near and near[0] != name else f"one word each: --{_KNOWN[0]}=NAME"
    raise UsageError(f"{VARIABLE}: {word!r} is no option that can be given", f"{hint}; name, time and output are rea's")
