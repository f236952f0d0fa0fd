"""Write the same nineteen trainings with the real tools: python tests/corpus/imports/record.py (needs mlflow, optuna, wandb, tensorboardX).

Learning rate x 3 improves NE by 2 %, dropout 0.2 by 1 %; each of four configurations was run with four seeds (sd 0.1 %). Two runs more failed,
one never ended. Files that are here already are replaced.
"""

# mypy: ignore-errors

import gzip
import os
import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from random import Random

HERE = Path(__file__).parent
GRID = [(rate, dropout, seed) for rate in (0.001, 0.003) for dropout in (0.0, 0.2) for seed in range(4)]
FAILED = [(0.001, 0.2, 4), (0.003, 0.2, 4)]
OPEN = (0.003, 0.0, 4)


def ne(rate: float, dropout: float, seed: int) -> float:
    """Return the NE of a run on validation rows."""
    noise = Random(f"{rate} {dropout} {seed}").gauss(0, 0.001)
    return 0.8 * (1 - 0.02 * (rate > 0.002) - 0.01 * (dropout > 0) - noise)


def mlflow_(folder: Path) -> None:
    import mlflow

    mlflow.set_tracking_uri(f"sqlite:///{folder / 'mlflow.db'}")
    mlflow.create_experiment("ctr", artifact_location="/artifacts")
    mlflow.set_experiment("ctr")
    for rate, dropout, seed in [*GRID, *FAILED, OPEN]:
        mlflow.start_run(run_name="r", tags={"mlflow.user": "someone", "mlflow.source.name": "train.py"})
        mlflow.log_params({"learning_rate": rate, "p_drop": dropout, "seed": seed, "note": "first try"})
        if (rate, dropout, seed) in GRID:
            for step in range(3):
                mlflow.log_metric("val_ne", ne(rate, dropout, seed) + 0.01 * (2 - step), step=step)
        status = "FAILED" if (rate, dropout, seed) in FAILED else "KILLED" if seed == 4 else "FINISHED"
        mlflow.end_run(status)
    with closing(sqlite3.connect(folder / "mlflow.db")) as database, database:
        database.execute(
            "UPDATE experiments SET artifact_location = '/artifacts'"
        )  # where this was recorded is nobody's business
    (HERE / "mlflow.db.gz").write_bytes(gzip.compress((folder / "mlflow.db").read_bytes(), 9, mtime=0))


def optuna_(folder: Path) -> None:
    import optuna

    space = {
        "learning_rate": optuna.distributions.FloatDistribution(1e-4, 1e-2, log=True),
        "p_drop": optuna.distributions.FloatDistribution(0.0, 0.5),
    }
    state = optuna.trial.TrialState
    for storage in (
        f"sqlite:///{folder / 'optuna.db'}",
        optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(str(folder / "optuna.log"))),
    ):
        study = optuna.create_study(storage=storage, study_name="ctr", direction="minimize")
        for rate, dropout, seed in [*GRID, *FAILED, OPEN]:
            told = {
                "state": state.FAIL
                if (rate, dropout, seed) in FAILED
                else state.PRUNED
                if seed == 4
                else state.COMPLETE,
                "value": ne(rate, dropout, seed) if seed < 4 else None,
            }
            study.add_trial(
                optuna.create_trial(
                    params={"learning_rate": rate, "p_drop": dropout},
                    distributions=space,
                    user_attrs={"seed": seed},
                    **told,
                )
            )
    for name in ("optuna.db", "optuna.log"):
        (HERE / f"{name}.gz").write_bytes(gzip.compress((folder / name).read_bytes(), 9, mtime=0))


def wandb_(folder: Path) -> None:
    import wandb

    for rate, dropout, seed in [*GRID, *FAILED, OPEN]:
        config = {"learning_rate": rate, "net": {"p_drop": dropout}, "seed": seed, "note": "first try"}
        settings = wandb.Settings(
            silent=True,
            console="off",
            x_disable_stats=True,
            disable_git=True,
            save_code=False,
            host="example",
            x_disable_meta=True,
        )
        run = wandb.init(mode="offline", project="ctr", dir=str(folder), config=config, settings=settings)
        if (rate, dropout, seed) in GRID:
            for step in range(3):
                run.log({"val_ne": ne(rate, dropout, seed) + 0.01 * (2 - step)})
        run.finish(exit_code=1 if (rate, dropout, seed) in FAILED or seed == 4 else 0)
    shutil.rmtree(HERE / "wandb", ignore_errors=True)
    for path in folder.glob("wandb/offline-run-*/*.wandb"):
        place = HERE / "wandb" / path.parent.name
        place.mkdir(parents=True)
        shutil.copy(path, place)


def tensorboard_(folder: Path) -> None:
    from tensorboardX import SummaryWriter

    shutil.rmtree(HERE / "tensorboard", ignore_errors=True)
    for number, (rate, dropout, seed) in enumerate(GRID):
        with SummaryWriter(str(HERE / "tensorboard" / f"run{number:02}")) as writer:
            for step in range(3):
                writer.add_scalar("val_ne", ne(rate, dropout, seed) + 0.01 * (2 - step), step)
            said = {"learning_rate": rate, "p_drop": dropout, "seed": seed}
            writer.add_hparams(said, {"val_ne": ne(rate, dropout, seed)}, name="hparams")
    with SummaryWriter(str(HERE / "tensorboard" / "bare")) as writer:
        writer.add_scalar("val_ne", 0.7, 0)


def main() -> None:
    os.environ["WANDB_MODE"] = "offline"
    for write in (mlflow_, optuna_, wandb_, tensorboard_):
        with tempfile.TemporaryDirectory() as folder:
            write(Path(folder))


if __name__ == "__main__":
    main()
