"""`rea init`: what is found in other people's repositories, and what is honestly left to a person."""

import shutil
import tomllib
from pathlib import Path

import pytest

from rea.domain.errors import UsageError, WorkloadError
from rea.domain.lever import LeverType, Role
from rea.executor.initial import initial, write_initial
from rea.executor.workload import load, parse

EXAMPLES = Path(__file__).parents[3] / "examples"


def original(name: str, folder: Path) -> Path:
    """Return an example as it was before anyone thought of rea."""
    kept = shutil.ignore_patterns("workload.toml", "README.md", "__pycache__", "outputs", "data", "clicks.csv")
    shutil.copytree(EXAMPLES / name, folder / name, ignore=kept)
    return folder / name


def test_levers_of_an_argparse_script_are_found_with_their_roles(tmp_path: Path) -> None:
    found = parse(initial(original("argparse_deepfm", tmp_path)))
    declared = load(EXAMPLES / "argparse_deepfm")
    roles = {lever.name: (lever.role, lever.type, lever.default) for lever in found.levers}
    assert roles == {lever.name: (lever.role, lever.type, lever.default) for lever in declared.levers}
    assert found.command.argv == declared.command.argv
    assert found.command.override == ("--{name}", "{value}")
    assert found.command.predictions == "preds.csv"


def test_levers_of_a_hydra_project_are_found_with_their_roles(tmp_path: Path) -> None:
    repository = original("hydra_dcn", tmp_path)
    found = parse(initial(repository))
    declared = load(EXAMPLES / "hydra_dcn")
    roles = {lever.name: (lever.role, lever.default) for lever in found.levers}
    assert roles.items() >= {lever.name: (lever.role, lever.default) for lever in declared.levers}.items()
    assert set(found.command.argv) == set(declared.command.argv)
    assert found.command.override == ("{name}={value}",)
    optimizer = found.lever("optim")
    assert optimizer is not None and optimizer.role is Role.OPTIMIZER and optimizer.choices == ("adagrad", "adam")
    assert found.lever("model") is None, "another model lacks keys that are levers: overriding them would fail"
    assert "# TODO: model (conf/model/): default 'dcn'" in initial(repository)


def test_columns_are_read_off_a_csv_and_a_parquet_file(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    repository = original("argparse_deepfm", tmp_path)
    (repository / "clicks.csv").write_text("id,split,click,user,device,hour\n1,train,0,u,d,3\n")
    data = parse(initial(repository)).data
    assert (data.path, data.format, data.label, data.split) == ("clicks.csv", "csv", "click", "split")
    assert (data.row_id, data.group, data.slices) == ("id", "user", ("device",))
    (repository / "clicks.csv").unlink()
    pq.write_table(pa.table({"clicked": [0], "fold": ["train"], "row_id": [1], "day": [3]}), repository / "log.parquet")
    data = parse(initial(repository)).data
    assert (data.path, data.format, data.label, data.split) == ("log.parquet", "parquet", "clicked", "fold")
    assert (data.row_id, data.day) == ("row_id", "day")


def test_what_is_not_found_is_marked_and_the_rest_is_toml(tmp_path: Path) -> None:
    (tmp_path / "empty folder").mkdir()
    text = initial(tmp_path / "empty folder")
    assert tomllib.loads(text)["name"] == "empty-folder"
    for missing in (
        "no training script",
        "no option for the data file",
        "no option for the random seed",
        "no data file",
    ):
        assert f"# TODO: {missing}" in text
    with pytest.raises(WorkloadError, match=r"argv has no \{data\}"):
        parse(text)


def test_code_that_would_do_harm_when_imported_is_only_read(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(
        "import argparse, pathlib\n"
        f"pathlib.Path({str(tmp_path / 'harm')!r}).touch()\n"
        "p = argparse.ArgumentParser()\n"
        "p.add_argument('-l', '--learning_rate', default=0.01, type=float)\n"
        "p.add_argument('--weird', default=compute(), type=int)\n"
        "p.add_argument('--amp', action='store_true')\n"
    )
    (tmp_path / "broken.py").write_text("def (:\n")
    (tmp_path / "binary.py").write_bytes(b"\x00\xff")
    text = initial(tmp_path)
    assert not (tmp_path / "harm").exists()
    assert '"train.py"' in text
    assert "# TODO: amp (train.py:6): a switch" in text
    assert "# TODO: weird (train.py:5): default None" in text
    declared = tomllib.loads(text)["lever"]
    assert [lever["name"] for lever in declared] == ["learning_rate"]


@pytest.mark.parametrize(
    ("option", "role", "kind"),
    [
        ("'--lr', type=float, default=0.1", Role.LEARNING_RATE, LeverType.FLOAT),
        ("'--learning-rate', type=float, default=1e-3", Role.LEARNING_RATE, LeverType.FLOAT),
        ("'--embedding_dim', type=int, default=10", Role.EMBEDDING_DIM, LeverType.INT),
        ("'--net_dropout', type=float, default=0.2", Role.DROPOUT, LeverType.FLOAT),
        ("'--batch-size', type=int, default=4096", Role.BATCH_SIZE, LeverType.INT),
        ("'--l2', type=float, default=1e-6", Role.WEIGHT_DECAY, LeverType.FLOAT),
        ("'--num_cross_layers', type=int, default=3", Role.INTERACTION_DEPTH, LeverType.INT),
        ("'--hidden-dim', type=int, default=400", Role.TOWER_WIDTH, LeverType.INT),
        ("'--use_bn', type=bool, default=False", Role.NORMALISATION, LeverType.BOOL),
        ("'--optimizer', choices=['adam', 'sgd'], default='adam'", Role.OPTIMIZER, LeverType.CHOICE),
        ("'--patience', type=int, default=2", Role.EARLY_STOPPING, LeverType.INT),
        ("'--min_count', type=int, default=10", Role.MIN_FREQUENCY, LeverType.INT),
    ],
)
def test_usual_names(tmp_path: Path, option: str, role: Role, kind: LeverType) -> None:
    (tmp_path / "train.py").write_text(f"import argparse\np = argparse.ArgumentParser()\np.add_argument({option})\n")
    text = initial(tmp_path).replace('"{overrides}"]', '"{data}{out}{seed}", "{overrides}"]')
    (lever,) = parse(text).levers
    assert (lever.role, lever.type) == (role, kind)
    assert lever.admits(lever.default)


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    repository = original("argparse_deepfm", tmp_path)
    written = write_initial(repository)
    before = written.read_text()
    with pytest.raises(UsageError, match="exists already and is left as it is") as caught:
        write_initial(repository)
    assert "rea check" in caught.value.hint
    assert written.read_text() == before
    with pytest.raises(WorkloadError, match="is no folder"):
        write_initial(tmp_path / "nowhere")
