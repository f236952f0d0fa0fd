"""The workload's interpreter: does it start, what is installed?"""

import json
import subprocess
from pathlib import Path

from rea.domain.errors import WorkloadError
from rea.domain.ids import digest
from rea.executor.materialise.interpreter import is_ours
from rea.executor.observations import InterpreterFacts

_ASK = """
import importlib.metadata, json, platform
found, places = [], []
for each in importlib.metadata.distributions():
    found.append(f"{each.metadata['Name']}=={each.version}")
    place = json.loads(each.read_text("direct_url.json") or "{}")
    if place.get("dir_info", {}).get("editable"):
        places.append([each.metadata["Name"], place["url"]])
print(json.dumps([platform.python_version(), sorted(found), places]))
"""
_LONGEST_S = 120


def look_at_interpreter(python: str, repository: Path) -> InterpreterFacts:
    """Start ``python`` and return what it says of itself.

    Raises:
        WorkloadError: it does not start, or does not answer.
    """
    version, packages, places = _answer(python)
    inside = tuple(name for name, url in places if url.startswith(repository.resolve().as_uri()))
    return InterpreterFacts(
        path=python,
        version=version,
        packages=len(packages),
        fingerprint=digest("interpreter", version, packages),
        editable=inside,
        shared=is_ours(python),
    )


def _answer(python: str) -> tuple[str, list[str], list[tuple[str, str]]]:
    hint = "state the path of the training's own python as [command] python, or give --python PATH"
    try:
        done = subprocess.run((python, "-I", "-c", _ASK), capture_output=True, timeout=_LONGEST_S, check=True, env={})
        version, packages, places = json.loads(done.stdout)
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        said = getattr(error, "stderr", None) or str(error).encode()
        raise WorkloadError(f"{python} does not work: {said.decode(errors='replace').strip()[-500:]}", hint) from error
    return version, packages, places
