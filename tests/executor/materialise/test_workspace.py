"""A job sees its own tree, its own view and nothing of ours; asked twice, it is one launch."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from executor.materialise import toy

from rea.domain.change import Change, Patch, change
from rea.domain.errors import Conflict, IntegrityError, WorkloadError
from rea.domain.experiment import Purpose
from rea.domain.ids import JobId
from rea.domain.job import Launch
from rea.executor.materialise import Mirror, environment, interpreter, reopen, shown, workspace
from rea.executor.materialise.cell import Cell
from rea.executor.materialise.patch import admit
from rea.executor.workload import load


@pytest.fixture
def campaign(tmp_path: Path) -> Path:
    folder = tmp_path / "state" / "campaigns" / "C"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    made = toy.repository(tmp_path / "repo")
    toy.commit(made)
    return made


def run(launch: Launch) -> dict[str, Any]:
    """Run a launch as a backend would, and return what the program saw."""
    subprocess.run(launch.argv, cwd=launch.cwd, env=dict(launch.environment), check=True)
    seen: dict[str, Any] = json.loads((Path(launch.directory) / "out/seen.json").read_text())
    return seen


def test_the_launch_is_complete(campaign: Path, repository: Path) -> None:
    ours = toy.workspace(campaign, repository)
    place = campaign / "jobs/e1.select.s0.a0"
    launch = ours.launch(toy.job(change=change(lr=0.2)))
    assert launch.argv == (
        *(sys.executable, "-m", "pkg", "--data", str(campaign / "data/select.csv"), f"--out={place / 'out'}"),
        *("--seed", "7", "lr=0.2"),
    )
    assert (launch.directory, launch.cwd) == (str(place), str(place / "tree"))
    assert (launch.time_limit_s, launch.silence_limit_s, launch.memory_mb, launch.devices) == (60, 30, None, 1)
    assert (place / "control").is_dir() and (place / "out").is_dir()


def test_only_a_confirming_job_is_handed_the_confirming_view(campaign: Path, repository: Path) -> None:
    ours = toy.workspace(campaign, repository)
    confirming = ours.launch(toy.job("e1.confirm.s0.a0", purpose=Purpose.CONFIRM))
    assert str(campaign / "data/confirm.csv") in confirming.argv
    assert str(campaign / "data/select.csv") in ours.launch(toy.job()).argv


def test_launching_twice_is_launching_once_whoever_wakes_us(
    campaign: Path, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = toy.workspace(campaign, repository, {"PATH": "/usr/bin", "CUDA_VISIBLE_DEVICES": "1"}).launch(toy.job())
    tree = campaign / "jobs/e1.select.s0.a0/tree"
    (tree / "written-by-the-job").write_text("x")
    monkeypatch.setenv("PATH", "/elsewhere:/usr/bin:/bin")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    again = reopen(campaign, toy.workload())
    assert again.launch(toy.job()) == first
    assert (tree / "written-by-the-job").exists()
    assert dict(again.launch(toy.job("e2.select.s0.a0")).environment)["CUDA_VISIBLE_DEVICES"] == "1"


def test_a_launch_killed_at_any_step_is_finished_by_the_next(
    campaign: Path, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = toy.workspace(campaign, repository)
    whole = ours.launch(toy.job("whole"))
    for step in ("export", "arguments", "environment_of"):
        name = f"killed-{step}"

        def die(*_: object, **__: object) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(Mirror if step == "export" else workspace, step, die)
            with pytest.raises(KeyboardInterrupt):
                ours.launch(toy.job(name))
        finished = ours.launch(toy.job(name))
        assert tuple(word.replace(name, "whole") for word in finished.argv) == whole.argv


def test_one_name_cannot_be_two_jobs(campaign: Path, repository: Path) -> None:
    ours = toy.workspace(campaign, repository)
    ours.launch(toy.job())
    with pytest.raises(IntegrityError, match="made for another job"):
        ours.launch(toy.job(change=change(lr=0.2)))


def test_a_secret_of_ours_reaches_no_job(campaign: Path, repository: Path) -> None:
    secrets = {
        "AWS_SECRET_ACCESS_KEY": "s3cret",
        "GITHUB_TOKEN": "s3cret",
        "HOME": "/home/me",
        "PYTHONPATH": "/x/s3cret",
    }
    ours = toy.workspace(campaign, repository, {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", **secrets})
    launch = ours.launch(toy.job())
    seen = run(launch)["env"]
    assert "s3cret" not in json.dumps([seen, launch.argv])
    assert seen["HOME"] == seen["TMPDIR"] == str(campaign / "jobs/e1.select.s0.a0/scratch")
    assert (seen["PYTHONHASHSEED"], seen["PYTHONDONTWRITEBYTECODE"], seen["LANG"]) == ("0", "1", "C.UTF-8")
    assert seen["OMP_NUM_THREADS"] == "1"


def installed_copy(folder: Path) -> Path:
    """A copy of the same package elsewhere, as ``pip install`` would leave it."""
    (folder / "pkg").mkdir(parents=True)
    (folder / "pkg/__init__.py").write_text("VALUE = 'installed'\n")
    return folder


def test_an_installed_copy_of_the_package_is_not_what_trains(tmp_path: Path, campaign: Path, repository: Path) -> None:
    installed = installed_copy(tmp_path / "site")
    (repository / "scripts").mkdir()
    (repository / "scripts/train.py").write_text(f"import sys\nsys.path.append({str(installed)!r})\n{toy.PROGRAM}")
    declared = (repository / "workload.toml").read_text()
    (repository / "workload.toml").write_text(declared.replace('"-m", "pkg"', '"scripts/train.py"'))
    toy.commit(repository)
    toy.workspace(campaign, repository)
    ours = reopen(campaign, load(repository))
    seen = run(ours.launch(toy.job()))
    assert seen["value"] == "committed"
    assert seen["pkg"].startswith(str(campaign / "jobs/e1.select.s0.a0/tree"))


def test_without_the_guard_the_installed_copy_would_train(
    tmp_path: Path, campaign: Path, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environment, "_roots", lambda tree: "")
    with pytest.raises(AssertionError):
        test_an_installed_copy_of_the_package_is_not_what_trains(tmp_path, campaign, repository)


def test_the_data_of_the_repository_is_not_in_the_tree(campaign: Path, repository: Path) -> None:
    launch = toy.workspace(campaign, repository).launch(toy.job())
    assert not (Path(launch.cwd) / "data/log.csv").exists()


def test_a_rung_goes_on_from_the_checkpoint_of_the_one_below(campaign: Path, repository: Path) -> None:
    ours = toy.workspace(campaign, repository)
    ours.launch(toy.job("e1.half", fidelity="half"))
    with pytest.raises(WorkloadError, match=r"checkpoint .* is missing"):
        ours.launch(toy.job("e1.full", resumes="e1.half"))
    (campaign / "jobs/e1.half/out/checkpoint").write_text("weights")
    launch = ours.launch(toy.job("e1.full", resumes="e1.half"))
    at = launch.argv.index("--resume")
    assert launch.argv[at + 1] == str(campaign / "jobs/e1.half/out/checkpoint")


def test_an_unsealed_campaign_launches_nothing(campaign: Path, repository: Path) -> None:
    ours = toy.workspace(campaign, repository)
    (campaign / "data/select.csv").unlink()
    with pytest.raises(WorkloadError, match="sealed view"):
        ours.launch(toy.job())


def test_cleaning_keeps_what_is_still_read(campaign: Path, repository: Path) -> None:
    ours = toy.workspace(campaign, repository)
    for name, fidelity in (("low", "half"), ("high", "full")):
        out = Path(ours.launch(toy.job(name, fidelity=fidelity)).directory) / "out"
        for file in ("predictions.parquet", "checkpoint", "events.bin"):
            (out / file).write_bytes(b"0" * (2 << 20))
        for file in ("run.json", "metrics.jsonl"):
            (out / file).write_text("{}")
        ours.clean(JobId(name))
        ours.clean(JobId(name))
    left = {name: {p.name for p in (campaign / f"jobs/{name}/out").iterdir()} for name in ("low", "high")}
    assert left["low"] == {"predictions.parquet", "checkpoint", "run.json", "metrics.jsonl"}
    assert left["high"] == {"predictions.parquet", "run.json", "metrics.jsonl"}
    assert not (campaign / "jobs/low/tree").exists() and not (campaign / "jobs/low/scratch").exists()
    ours.clean(JobId("never-launched"))


def test_cleaning_follows_no_link_out_of_the_job(tmp_path: Path, campaign: Path, repository: Path) -> None:
    ours = toy.workspace(campaign, repository)
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "big").write_bytes(b"0" * (2 << 20))
    out = Path(ours.launch(toy.job()).directory) / "out"
    (out / "link").symlink_to(precious)
    (out / "checkpoint").symlink_to(precious)
    ours.clean(JobId("e1.select.s0.a0"))
    assert (precious / "big").exists()


def test_a_patch_reaches_the_tree_of_its_job_only(campaign: Path, repository: Path) -> None:
    ours = toy.workspace(campaign, repository, cell=Cell(runtime=()))
    text = "--- a/pkg/__init__.py\n+++ b/pkg/__init__.py\n@@ -1 +1 @@\n-VALUE = 'committed'\n+VALUE = 'patched'\n"
    admitted = admit(text, toy.workload(), Mirror(campaign / "mirror.git"), ours.record.commit)
    assert admitted.paths == ("pkg/__init__.py",)
    treated = ours.launch(toy.job("treated", change=patching(admitted)))
    assert run(treated)["value"] == "patched"
    assert run(ours.launch(toy.job("plain")))["value"] == "committed"
    (campaign / f"patches/{admitted.digest}.diff").write_text(text.replace("patched", "altered"))
    with pytest.raises(WorkloadError, match="was altered"):
        ours.launch(toy.job("later", change=patching(admitted)))


def test_a_patch_never_runs_free(campaign: Path, repository: Path) -> None:
    """Without a sandbox there is no launch; the code of the commit runs as before."""
    ours = toy.workspace(campaign, repository)
    text = "--- a/pkg/__init__.py\n+++ b/pkg/__init__.py\n@@ -1 +1 @@\n-VALUE = 'committed'\n+VALUE = 'patched'\n"
    admitted = admit(text, toy.workload(), Mirror(campaign / "mirror.git"), ours.record.commit)
    with pytest.raises(WorkloadError, match="without a sandbox"):
        ours.launch(toy.job("treated", change=patching(admitted)))
    assert ours.launch(toy.job("plain")).around == ()


def test_a_confined_job_is_launched_in_its_sandbox(campaign: Path, repository: Path) -> None:
    """It may write its own places, read its view, and let go of no lock."""
    launch = toy.workspace(campaign, repository, cell=Cell(runtime=("/opt/x",), read=("/emb",))).launch(
        toy.job("plain")
    )
    words = launch.around
    bound = {words[i + 2]: words[i] for i, word in enumerate(words) if word.endswith("bind")}
    assert [p for p, flag in bound.items() if flag == "--bind"] == [
        f"{launch.directory}/{x}" for x in ("tree", "out", "scratch")
    ]
    assert bound["/emb"] == bound["/opt/x"] == bound[str(campaign / "data/select.csv")] == "--ro-bind"
    assert words[words.index("--sync-fd") + 1] == "9"
    assert not any(f"{launch.directory}/control".startswith(p + "/") for p in bound)


def patching(patch: Patch) -> Change:
    return Change(patches=(patch,))


def test_a_damaged_record_is_told(campaign: Path, repository: Path) -> None:
    toy.workspace(campaign, repository)
    (campaign / "workspace.json").write_text("{")
    with pytest.raises(IntegrityError, match="cannot be read"):
        reopen(campaign, toy.workload())


def test_what_is_shown_can_be_pasted(campaign: Path, repository: Path) -> None:
    launch = toy.workspace(campaign, repository).launch(toy.job(change=change(lr=0.2)))
    text = shown(launch)
    subprocess.run(("/bin/sh", "-c", text), check=True, cwd="/")
    seen = json.loads((Path(launch.directory) / "out/seen.json").read_text())
    assert seen["argv"][-1] == "lr=0.2" and seen["cwd"] == launch.cwd
    assert "at most 60 s" in text


def test_our_own_interpreter_is_not_found_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = tmp_path / "bin/python"
    theirs.parent.mkdir()
    theirs.symlink_to("/bin/sh")
    monkeypatch.setenv("PATH", f"{Path(sys.prefix) / 'bin'}:{theirs.parent}")
    assert interpreter.find_interpreter("python", tmp_path) == str(theirs)
    assert interpreter.is_ours(sys.executable)
    assert not interpreter.is_ours(str(theirs))


def test_the_interpreter_is_that_of_the_repository_or_the_chosen_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in (".venv", "env"):
        (tmp_path / folder / "bin").mkdir(parents=True)
        (tmp_path / folder / "bin/python").symlink_to("/bin/sh")
    found = interpreter.find_interpreter("python", tmp_path)
    assert found == str(tmp_path / ".venv/bin/python"), "links are kept"
    assert interpreter.find_interpreter("env/bin/python", tmp_path) == str(tmp_path / "env/bin/python")
    monkeypatch.chdir(tmp_path)
    assert interpreter.find_interpreter("python", tmp_path, "env/bin/python") == str(tmp_path / "env/bin/python")
    with pytest.raises(WorkloadError, match="no interpreter 'missing/python'") as caught:
        interpreter.find_interpreter("missing/python", tmp_path)
    assert "--python" in caught.value.hint


def test_patches_that_do_not_apply_are_conflicts(campaign: Path, repository: Path) -> None:
    ours = toy.workspace(campaign, repository)
    with pytest.raises(Conflict, match="does not apply"):
        text = "--- a/pkg/__init__.py\n+++ b/pkg/__init__.py\n@@ -1 +1 @@\n-OTHER\n+X\n"
        admit(text, toy.workload(), Mirror(campaign / "mirror.git"), ours.record.commit)
