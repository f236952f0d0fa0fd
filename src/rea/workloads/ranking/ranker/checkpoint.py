"""A training on disk: ``tensors.safetensors`` and ``state.json``, no pickle.

A job may be killed while it saves. Tensors are written to the file that the present ``state.json`` does not name, and
the new state, renamed into place at last, names them: at every moment there is one whole checkpoint.
"""

import json
from dataclasses import asdict, replace
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from ranker import techniques
from ranker.calibrate import Map, restored, stored
from ranker.config import Config, ConfigError
from ranker.data import Data, load
from ranker.loop import Progress, Training, prepare
from ranker.models import Ensemble

FREE = ("stop_at", "device", "checkpoint_every")  # what may differ between a rung and its continuation
TENSORS = ("tensors.safetensors", "tensors.1.safetensors")


def build(config: Config, data: Data, seed: int) -> nn.Module:
    """A network at its initial weights."""
    torch.manual_seed(seed)
    network = Ensemble(config, data.sizes, len(data.numeric), data.base_rate, data.item)
    for attach in techniques.hooks("attach", config):
        attach(config, network, data)
    return network


def pick_device(config: Config) -> torch.device:
    """The device asked for; ``auto`` takes CUDA where there is one."""
    if config.device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    return torch.device(config.device)


def start(config: Config, path: Path, seed: int) -> Training:
    """Load the view and prepare the first step."""
    device = pick_device(config)
    data = load(path, config, seed)
    network = build(config, data, seed)
    return prepare(config, data.to(device), network, seed, device)


def save(training: Training, folder: Path, line: Map) -> None:
    """Write a checkpoint in place of the one there, if any; ``state.json`` comes last, a folder without it is none."""
    folder.mkdir(parents=True, exist_ok=True)
    last = _state(folder).get("tensors") if (folder / "state.json").is_file() else None
    name, old = TENSORS if last != TENSORS[0] else TENSORS[::-1]
    _replace(folder / name, lambda path: save_file(_tensors(training), path))
    progress = {name: getattr(training.progress, name) for name in Progress.__slots__}
    progress["best"] = repr(progress["best"])
    state = {
        "config": asdict(training.config),
        "seed": training.seed,
        "progress": progress,
        "calibration": stored(line),
    }
    state["tensors"] = name
    _replace(folder / "state.json", lambda path: path.write_text(json.dumps(state, indent=1)))
    (folder / old).unlink(missing_ok=True)


def _replace(path: Path, write: object) -> None:
    partial = path.with_name(path.name + ".tmp")
    write(partial)  # type: ignore[operator]
    partial.replace(path)


def _tensors(training: Training) -> dict[str, Tensor]:
    tensors = {f"buffer.{name}": value for name, value in training.network.named_buffers()}
    for name, group in training.optimizer.groups().items():
        tensors |= {f"value.{name}": group.value, f"first.{name}": group.first, f"second.{name}": group.second}
    tensors |= {f"average.{name}": value for name, value in training.average.items()}
    tensors |= {f"kept.{name}": value for name, value in training.kept.items()}
    return {name: value.detach().contiguous().cpu() for name, value in tensors.items()}


def restore(training: Training, folder: Path) -> None:
    """Continue where a checkpoint stopped. Raises ConfigError if it is of another configuration, seed or view."""
    state = _state(folder)
    now, then = asdict(training.config), asdict(Config()) | state["config"]  # older ones lack newer settings
    differing = [name for name in now if name not in FREE and now[name] != then[name]]
    if differing or state["seed"] != training.seed:
        raise ConfigError(f"--resume {folder}: the checkpoint was made with another {(differing or ['seed'])[0]}")
    tensors = load_file(folder / state.get("tensors", TENSORS[0]), device=str(training.device))
    _fill(training, tensors, folder)
    progress = state["progress"]
    training.progress = Progress(**(progress | {"best": float(progress["best"])}))


def _fill(training: Training, tensors: dict[str, Tensor], folder: Path) -> None:
    with torch.no_grad():
        for name, group in training.optimizer.groups().items():
            for part in ("value", "first", "second"):
                saved = tensors[f"{part}.{name}"]
                if saved.shape != group.value.shape:
                    raise ConfigError(f"--resume {folder}: the checkpoint was made on another view")
                getattr(group, part).copy_(saved)
        for name, value in training.network.named_buffers():
            value.copy_(tensors[f"buffer.{name}"])
    for kind in ("average", "kept"):
        prefix = f"{kind}."
        found = {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
        setattr(training, kind, found)


def _state(folder: Path) -> dict:
    path = folder / "state.json"
    if not path.is_file():
        raise ConfigError(f"{folder}: no checkpoint here (state.json is missing)")
    return json.loads(path.read_text())


def open_checkpoint(folder: Path, data: Path) -> tuple[Training, Map]:
    """A saved training with its calibration, ready to predict."""
    state = _state(folder)
    training = start(replace(Config(**state["config"]), device="cpu"), data, state["seed"])
    restore(training, folder)
    return training, restored(state["calibration"])
