"""The same trainings out of the files of four tools say the same."""

import gzip
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from planner.foreign import FOREIGN

from rea.domain.errors import UsageError
from rea.knowledge.importers import kinds, read, wandb
from rea.knowledge.importing import wire
from rea.knowledge.importing.bring import Asked, Brought, bring
from rea.knowledge.importing.runs import Archive

CORPUS = Path(__file__).parents[2] / "corpus" / "imports"
MAPS = {"wandb": {"net.p_drop": "p_drop"}}
PLACES = (
    ("mlflow", "mlflow.db"),
    ("optuna", "optuna.db"),
    ("optuna", "optuna.log"),
    ("wandb", "wandb"),
    ("tensorboard", "tensorboard"),
)


def place_of(name: str, tmp_path: Path) -> str:
    kept = CORPUS / f"{name}.gz"
    if kept.exists():
        (tmp_path / name).write_bytes(gzip.decompress(kept.read_bytes()))
        return str(tmp_path / name)
    return str(CORPUS / name)


def brought(kind: str, archive: Archive, place: str = "there") -> Brought:
    theirs = "value" if kind == "optuna" else "val_ne"
    return bring(FOREIGN, archive, Asked(kind=kind, place=place, metric=(theirs, "ne"), levers=MAPS.get(kind, {})))


def assert_the_truth(found: Brought) -> None:
    """Two effects of each lever, one on top of each value of the other: 2 % of the rate, 1 % of dropout."""
    effects = {str(i.moves[0]): [] for i in found.insights}  # type: ignore[var-annotated]
    for i in found.insights:
        assert i.raw is not None and i.raw.low < i.raw.value < i.raw.high
        effects[str(i.moves[0])].append(i.raw.value)
    assert {move: len(values) for move, values in effects.items()} == {"learning_rate x 3.0": 2, "dropout = 0.2": 2}
    assert effects["learning_rate x 3.0"] == pytest.approx([0.02, 0.02], abs=0.002)
    assert effects["dropout = 0.2"] == pytest.approx([0.01, 0.01], abs=0.002)
    assert found.used == 16


@pytest.mark.parametrize(("kind", "name"), PLACES, ids=[name for _, name in PLACES])
def test_the_same_trainings_say_the_same(kind: str, name: str, tmp_path: Path) -> None:
    place = place_of(name, tmp_path)
    before = Path(place).read_bytes() if Path(place).is_file() else b""
    archive = read(kind, place)
    assert_the_truth(brought(kind, archive))
    assert all(r.at.startswith("2026-") and r.seed is not None for r in archive.runs)
    assert not before or Path(place).read_bytes() == before
    ended = Counter(str(r.status) for r in archive.runs)
    wanted = {"mlflow": (16, 2, 1), "optuna": (16, 2, 1), "wandb": (16, 3, 0), "tensorboard": (16, 0, 0)}[kind]
    assert (ended["finished"], ended["failed"], ended["unfinished"]) == wanted


def test_what_was_not_read_is_said(tmp_path: Path) -> None:
    assert any("not read" in r for r in read("wandb", place_of("wandb", tmp_path)).remarks)
    assert any(
        "17 of 33 folders without hyper-parameters" in r
        for r in read("tensorboard", place_of("tensorboard", tmp_path)).remarks
    )
    archive = read("mlflow", place_of("mlflow.db", tmp_path))
    assert brought("mlflow", archive).left_out[0].startswith("2 failed runs")


@pytest.mark.parametrize(("kind", "name"), PLACES, ids=[name for _, name in PLACES])
@pytest.mark.parametrize("damage", ["cut", "noise", "empty"])
def test_damaged_files_end_in_a_clear_error_or_are_read_as_far_as_they_go(
    kind: str, name: str, damage: str, tmp_path: Path
) -> None:
    source, target = Path(place_of(name, tmp_path)), tmp_path / "damaged"
    shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)
    for path in [p for p in target.rglob("*") if p.is_file()] or [target]:
        data = path.read_bytes()
        noise = bytes((b * 7 + n) % 256 for n, b in enumerate(data))
        path.write_bytes({"cut": data[: len(data) * 2 // 3], "noise": data[:40] + noise[40:], "empty": b""}[damage])
    try:
        archive = read(kind, str(target))
    except UsageError as error:
        assert error.hint and error.message
    else:
        assert len(archive.runs) <= 19


@pytest.mark.parametrize("kind", kinds())
def test_what_is_not_there_is_a_clear_error(kind: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"there (is|are) no"):
        read(kind, str(tmp_path / "nothing"))


def test_experiments_are_chosen_by_name(tmp_path: Path) -> None:
    assert len(read("mlflow", place_of("mlflow.db", tmp_path), "ctr").runs) == 19
    for kind, name in PLACES[:3]:
        with pytest.raises(UsageError, match=r"there is no (experiment|study)") as caught:
            read(kind, place_of(name, tmp_path), "cvr")
        assert "ctr" in caught.value.hint
    with pytest.raises(UsageError, match="no run is of project"):
        read("wandb", place_of("wandb", tmp_path), "cvr")


@pytest.mark.parametrize(("of", "name", "wrong"), [(wandb, "HISTORY", 99), (wandb, "CONFIG", 99), (wire, "LONGEST", 0)])
def test_planted_bug_what_is_not_read_is_missed(
    of: object, name: str, wrong: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(of, name, wrong)
    if of is wire:
        with pytest.raises(UsageError, match="a record of"):
            read("tensorboard", place_of("tensorboard", tmp_path))
        return
    monkeypatch.setattr(wandb, "SUMMARY", 98)
    monkeypatch.setattr(wandb, "RUN", 97)
    with pytest.raises((AssertionError, UsageError)):
        assert_the_truth(brought("wandb", read("wandb", place_of("wandb", tmp_path))))


def test_an_export_of_wandb_is_read_as_json(tmp_path: Path) -> None:
    runs = read("wandb", place_of("wandb", tmp_path)).runs
    rows = [
        {
            "id": r.id,
            "state": str(r.status),
            "config": {k: {"value": v} for k, v in r.parameters.items()},
            "summary": dict(r.metrics),
        }
        for r in runs
    ]
    (tmp_path / "runs.json").write_text(json.dumps(rows))
    assert_the_truth(brought("wandb", read("wandb", str(tmp_path / "runs.json"))))
    (tmp_path / "bad.json").write_text('{"runs": 3}')
    with pytest.raises(UsageError, match="no list of objects"):
        wandb.read(str(tmp_path / "bad.json"))


@contextmanager
def served(database: Path) -> Iterator[str]:
    """A real MLflow server on the loopback interface, stopped by its pid."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [
        "server",
        "--backend-store-uri",
        f"sqlite:///{database}",
        "--artifacts-destination",
        str(database.parent),
        "--host",
        "127.0.0.1",
    ]
    command = [sys.executable, "-m", "mlflow", *words, "--port", str(port), "--workers", "1"]
    log = (database.parent / "server.log").open("w")
    process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
    try:
        deadline = time.monotonic() + 120
        while True:
            try:
                urlopen(f"http://127.0.0.1:{port}/health", timeout=2).read()
                break
            except (URLError, OSError):
                assert process.poll() is None and time.monotonic() < deadline, (
                    database.parent / "server.log"
                ).read_text()
                time.sleep(0.2)
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, 15)
        process.wait(30)
        log.close()


@pytest.mark.real
@pytest.mark.skipif(
    find_spec("mlflow.server") is None if find_spec("mlflow") else True, reason="a real server: pip install mlflow"
)
def test_a_real_server_says_what_its_file_says(tmp_path: Path) -> None:
    place = place_of("mlflow.db", tmp_path)
    kept = {r.id: r for r in read("mlflow", place).runs}
    with served(Path(place)) as url:
        told = {r.id: r for r in read("mlflow", url).runs}
        with pytest.raises(UsageError, match="there is no experiment"):
            read("mlflow", url, "cvr")
        with pytest.raises(UsageError, match="answered 404"):
            read("mlflow", f"{url}/elsewhere")
    assert told == kept and len(told) == 19
    assert_the_truth(brought("mlflow", Archive(runs=tuple(told.values()))))
    with pytest.raises(UsageError, match="did not answer"):
        read("mlflow", url)
