"""What Ray is told to run: a line that names a script of the job's own, which holds its environment and its words.

The line is all that Ray's job table, its event log and its dashboard get to see; they keep it, and show it to everyone who may look.
"""

import shlex
from pathlib import Path

from rea.domain.job import Launch
from rea.executor.contract.directory import control_of, write_durably
from rea.executor.contract.spec import Spec

GPUS = "CUDA_VISIBLE_DEVICES"
APART = ("/usr/bin/setsid", "--fork", "--wait")  # in a session of its own: Ray kills what it started when its head dies


def entrypoint(spec: Spec, launch: Launch, wrapper: Path, gpus: bool) -> str:
    """Write the script, and return the line that starts it with an empty environment, but for the GPUs that Ray chose.

    A job outlives the cluster that started it, so what it had begun is neither lost nor begun again.
    """
    control = control_of(Path(launch.directory))
    kept = {name: value for name, value in spec.environment.items() if not (gpus and name == GPUS)}
    exports = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in kept.items())
    command = shlex.join((*APART, *spec.command(control, wrapper)))
    script = control / "entrypoint"
    write_durably(script, f"{exports}exec {command}\n")
    chosen = f' {GPUS}="${GPUS}"' if gpus else ""
    return f"exec /usr/bin/env -i{chosen} /bin/sh {shlex.quote(str(script))}"
