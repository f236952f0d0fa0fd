"""What would run, as one could type it."""

import shlex

from rea.domain.job import Launch


def shown(launch: Launch) -> str:
    """Return a launch as shell lines to read; pasting them runs the same thing without limits."""
    limits = [f"at most {launch.time_limit_s} s", f"{launch.silence_limit_s} s of silence"]
    if launch.memory_mb is not None:
        limits.append(f"{launch.memory_mb} MB")
    if launch.around:
        limits.append(
            "in a sandbox, which is left out here (what it lacks there: [seal] read; without it: --sandbox off)"
        )
    variables = " ".join(f"{name}={shlex.quote(value)}" for name, value in launch.environment)
    return f"# {launch.job}: {', '.join(limits)}\ncd {shlex.quote(launch.cwd)} &&\nenv -i {variables} \\\n  {shlex.join(launch.argv)}\n"
