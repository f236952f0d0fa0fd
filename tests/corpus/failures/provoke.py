"""Make real processes fail and keep what their logs end with: ``python tests/corpus/failures/provoke.py PYTHON seen|unseen [NAME...]``.

PYTHON is an interpreter with torch, pyarrow, safetensors, scikit-learn and Hydra; this script itself runs in the program's own environment. Each
case runs under the job wrapper with its limits, so that the last line is what a backend would have said. The texts are stored as
``HALF/LABEL/NAME.txt``; rules are written looking at ``seen`` only. Texts of accelerators and clusters, which an ordinary machine cannot be made
to say, are written by hand after the messages of the libraries' sources, in ``by_hand`` folders beside.
"""

import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rea.domain.job import JobStatus
from rea.executor.contract.status import status

HERE = Path(__file__).parent
RANKER = HERE.parents[2] / "src/rea/workloads/ranking"
WRAPPER = HERE.parents[2] / "src/rea/executor/contract/wrapper.sh"
HOME = "/home/user"
KEPT = 3000  # characters of a text; the rest of a long tail adds nothing


def main(argv: list[str]) -> int:
    """Provoke one half of the cases, or those that are named."""
    python, half, *names = argv
    cases = tomllib.loads((HERE / f"{half}.toml").read_text())
    for label, by_name in cases.items():
        for name, case in by_name.items():
            if not names or name in names:
                text = provoke(Path(python).absolute(), case)
                path = HERE / half / label / f"{name}.txt"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text + "\n")
                print(f"{label}/{name}: {text.splitlines()[-1]}", flush=True)
    return 0


def provoke(python: Path, case: Mapping[str, Any]) -> str:
    """Run one case and return the end of its log and what a backend says of it, with the paths of this machine made neutral."""
    with tempfile.TemporaryDirectory() as scratch:
        directory, tree = Path(scratch) / "job", Path(scratch) / "repo"
        for folder in (directory / "control", directory / "out", tree):
            folder.mkdir(parents=True)
        shutil.copytree(RANKER / "ranker", tree / "ranker", ignore=shutil.ignore_patterns("__pycache__"))
        (tree / "train.py").write_text(case.get("code", ""))
        for file, text in case.get("files", {}).items():
            (tree / file).parent.mkdir(parents=True, exist_ok=True)
            (tree / file).write_text(text)
        _wrapped(directory, tree, case, _command(python, tree, case))
        return _neutral(_told(status(directory, time.time(), 0)), {str(tree): "repo", scratch: "run"}, python)


def _command(python: Path, tree: Path, case: Mapping[str, Any]) -> list[str]:
    places = {"python": str(python), "repo": str(tree), "tmpfs": str(tree / "tmpfs")}
    argv = [part.format(**places) for part in case.get("argv", ["{python}", "train.py"])]
    if case.get("tmpfs"):
        mount = f'mkdir -p {tree}/tmpfs && mount -t tmpfs -o size={case["tmpfs"]} none {tree}/tmpfs && exec "$@"'
        return ["unshare", "-m", "sh", "-c", mount, "sh", *argv]
    return argv


def _wrapped(directory: Path, tree: Path, case: Mapping[str, Any], command: list[str]) -> None:
    limits = [case.get("time", 120), case.get("silence", 0), 2, case.get("memory_kb", 0)]
    argv = ["sh", str(WRAPPER), str(directory / "control"), str(tree), *map(str, limits), "0", *command]
    environment = {"PATH": "/usr/bin:/bin", "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1", "HOME": HOME}
    subprocess.run(argv, env=environment | case.get("environment", {}), check=True, stdin=subprocess.DEVNULL)


def _told(ended: JobStatus) -> str:
    return f"{ended.log_tail.rstrip()}\n{ended.state}: {' '.join(ended.reason.split())}"


def _neutral(text: str, folders: Mapping[str, str], python: Path) -> str:
    for path, name in folders.items():
        text = text.replace(path, f"{HOME}/{name}")
    text = text.replace(str(python.parent.parent), f"{HOME}/venv")
    text = re.sub(r'"/(?:usr|opt|root)/[^"]*?/(lib/python3[^"]*)"', r'"/usr/\1"', text)
    return text[-KEPT:]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
