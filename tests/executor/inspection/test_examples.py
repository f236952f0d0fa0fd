"""The trainings under examples/, and the built-in one, pass their checklists with real PyTorch."""

import os
import shutil
from pathlib import Path

import pytest
from executor.inspection import trainers

from rea.executor.initial import example
from rea.executor.inspect import inspect

ROOT = Path(__file__).parents[3]
PYTHON = Path(os.environ.get("REA_RANKING_PYTHON", ROOT / ".venv-ranking/bin/python"))

pytestmark = [
    pytest.mark.torch,
    pytest.mark.skipif(not PYTHON.exists(), reason=f"no {PYTHON}: the workload's environment is not made"),
]


@pytest.mark.parametrize("name", ["argparse_deepfm", "hydra_dcn", "ranking"])
def test_it_passes_its_checklist(tmp_path: Path, name: str) -> None:
    repository = tmp_path / name
    if name == "ranking":
        example(name, repository, "tiny")
    else:
        shutil.copytree(ROOT / "examples" / name, repository, ignore=shutil.ignore_patterns("__pycache__"))
        trainers.git(repository, "init", "-q")
        trainers.git(repository, "add", ".")
        trainers.git(repository, "commit", "-q", "-m", "first")
    _, found = inspect(tmp_path / "state", tmp_path / "state/campaigns/C", repository, 3_600_000, str(PYTHON))
    assert found.passed, [check for check in found.checks if not check.ok]
    assert {c.name: c.ok for c in found.checks}.items() >= {"seed": True, "levers": True, "predictions": True}.items()
    assert found.smoke_ms < 30_000
