"""Every setting of a training, with its range: the one list that the command line, the tests and workload.toml agree on.

Those of single files in ``techniques/`` are added to the ones listed here.
"""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, fields, make_dataclass, replace
from pathlib import Path
from typing import Any

from ranker import techniques
from ranker.setting import ConfigError, Value, choice, flag, listed, number, text

__all__ = ["Config", "ConfigError", "model_names", "names", "parse"]


def model_names() -> list[str]:
    """The models there are: one file each in ``models/``."""
    return sorted(path.stem for path in (Path(__file__).parent / "models").glob("[a-z]*.py"))


@dataclass(frozen=True, slots=True)
class Listed:
    """The settings that several files read, at their defaults; each technique is off by default."""

    # optimisation and schedule
    learning_rate: float = number(0.002, 1e-5, 1.0, (0.0001, 0.03), log=True)
    embedding_rate: float = number(
        1.0, 0.01, 100.0, (0.1, 10.0), log=True, role="embedding_learning_rate"
    )  # multiplies the learning rate of embeddings
    optimizer: str = choice("adam", "adamw", "adagrad", "sgd")
    embedding_optimizer: str = choice(
        "same", "lazy_adam", "rowwise_adagrad"
    )  # the others touch the rows of a batch only
    schedule: str = choice(
        "linear", "constant", "cosine", "plateau"
    )  # plateau: a tenth after an epoch that is no better
    warmup: float = number(0.0, 0.0, 0.9, (0.0, 0.5))  # share of the steps
    epochs: int = number(2, 1, 1000, (1, 8))
    batch_size: int = number(1024, 1, 1 << 22, (128, 131072), log=True)
    micro_batch: int = number(0, 0, 1 << 22, (0, 131072))  # rows in memory at once; 0: the whole batch
    gradient_clip: float = number(0.0, 0.0, 1e6, (0.0, 100.0))  # largest norm; 0: off
    embedding_clip: float = number(
        0.0, 0.0, 100.0, (0.0, 10.0)
    )  # CowClip: share of a row's norm, for every lookup; 0: off
    weight_decay: float = number(0.0, 0.0, 10.0, (0.0, 0.1))  # dense weights only
    weight_averaging: float = number(0.0, 0.0, 0.99999, (0.0, 0.9999))  # decay of the moving average; 0: off
    tail_averaging: float = number(
        0.0, 0.0, 1.0, (0.0, 1.0)
    )  # share of the last steps whose weights are averaged alike; 0: off
    early_stopping: int = number(0, 0, 1000, (0, 5))  # epochs without a better monitor; 0: off
    monitor: str = choice("ne", "auc")
    precision: str = choice("fp32", "bf16")
    # embeddings and vocabulary
    embedding_dim: int = number(8, 1, 1024, (2, 64), log=True)
    embedding_sizing: float = number(
        0.0, 0.0, 1.0, (0.0, 1.0)
    )  # power of a field's share of ids that its size follows; 0: all alike
    embedding_std: float = number(0.01, 0.0, 10.0, (0.0001, 0.3), log=True, role="embedding_init")
    embedding_l2: float = number(0.0, 0.0, 10.0, (0.0, 0.1))
    embedding_dropout: float = number(0.0, 0.0, 0.95, (0.0, 0.6))
    embedding_norm: bool = flag()
    id_dropout: float = number(0.0, 0.0, 0.95, (0.0, 0.5))  # share of ids read as unknown while training
    embedding_reset: bool = flag()  # start the tables afresh after each epoch
    compositional: int = number(
        0, 0, 1 << 22, (0, 65536)
    )  # ids a field above which vectors are composed of two; 0: off
    min_frequency: int = number(1, 1, 1 << 22, (1, 200), log=True)
    hash_size: int = number(0, 0, 1 << 26, (0, 1048576))  # ids a field at most, by hashing; 0: off
    # architecture
    model: str = listed("dcnv2", model_names, role="architecture")
    interaction_depth: int = number(2, 1, 16, (1, 5))
    interaction_width: int = number(0, 0, 4096, (0, 256))  # rank or width inside an interaction; 0: the model's own
    structure: str = choice("parallel", "stacked")  # the tower beside the cross layers, or on top of them
    attention_heads: int = number(2, 1, 64, (1, 8))
    tower_width: int = number(64, 1, 8192, (8, 512), log=True)
    tower_depth: int = number(2, 1, 16, (1, 5))
    tower_taper: float = number(1.0, 0.1, 1.0, (0.25, 1.0))  # each layer's width is this times the one before
    activation: str = choice("relu", "gelu", "silu", "tanh", "leaky_relu", "prelu", "dice")
    dropout: float = number(0.0, 0.0, 0.95, (0.0, 0.6))
    normalisation: str = choice("none", "batch", "layer")
    residual: bool = flag()
    gating: str = choice("none", "field", "vector")
    first_order: bool = flag(default=True)
    # features
    field_drop: str = text(
        "", "session", "advertiser", "user", "ad", "session,advertiser"
    )  # names, separated by commas
    crosses: str = text(
        "",
        "segment*campaign",
        "campaign*placement",
        "segment*placement",
        "user*campaign",
        "segment*campaign,campaign*placement",
    )  # pairs such as segment*campaign, separated by commas
    count_features: str = choice("none", "impressions", "rate")
    history: int = number(0, 0, 1000, (0, 50))  # clicks of the user's past that the candidate attends to; 0: off
    time_features: str = choice("none", "age", "calendar", "both")  # calendar: hour and weekday
    numeric_encoding: str = choice("standard", "log", "quantile", "piecewise", "periodic", "autodis")
    position_debias: bool = flag()
    # data and loss
    negative_sampling: float = number(1.0, 0.001, 1.0, (0.05, 1.0))  # share of the negatives kept
    recency_weighting: float = number(0.0, 0.0, 1e6, (0.0, 60.0))  # time constant in days; 0: off
    data_window: int = number(0, 0, 100_000, (0, 14))  # last days of training data; 0: all
    data_order: str = choice("shuffled", "time")
    label_smoothing: float = number(0.0, 0.0, 0.5, (0.0, 0.3))  # towards the base rate
    loss: str = choice("bce", "focal")
    pairwise_loss: float = number(0.0, 0.0, 100.0, (0.0, 1.0))  # weight of a pairwise loss beside it
    calibration: str = choice("none", "bias", "temperature", "platt", "isotonic")
    ensemble: int = number(1, 1, 64, (1, 8))
    codistillation: float = number(
        0.0, 0.0, 100.0, (0.0, 2.0)
    )  # weight of a member's loss against what the others predict
    serve_one: bool = flag()  # predict with the first member alone
    # nothing reads these: they exist so that the noise of a whole campaign can be measured
    inert_1: float = number(0.0, 0.0, 1.0, (0.0, 1.0), role="other")
    inert_2: float = number(0.0, 0.0, 1.0, (0.0, 1.0), role="other")
    inert_3: float = number(0.0, 0.0, 1.0, (0.0, 1.0), role="other")
    inert_4: float = number(0.0, 0.0, 1.0, (0.0, 1.0), role="other")
    inert_5: str = choice("a", "b", "c", role="other")
    inert_6: str = choice("a", "b", "c", role="other")
    inert_7: str = choice("a", "b", "c", role="other")
    inert_8: str = choice("a", "b", "c", role="other")
    # how much is run, and where
    rows: float = number(1.0, 1e-6, 1.0)  # share of the training rows
    stop_at: float = number(1.0, 1e-6, 1.0)  # share of the optimizer steps after which to stop
    kernels: str = choice("torch", "fused", lever=False)  # fused: fewer, larger operations in C, on the CPU
    device: str = choice("auto", "cpu", "cuda", lever=False)
    evaluate: bool = flag(default=True, lever=False)  # score the validation rows after every epoch
    checkpoint_every: int = number(0, 0, 1 << 31)  # steps after which a killed job could go on; 0: at the end only
    stream_rows: int = number(0, 0, 1 << 31)  # rows shuffled in memory, the others stay in the file; 0: all resident
    # columns
    label: str = text("click")
    split: str = text("split")
    row_id: str = text("row_id")
    day: str = text("day")
    timestamp: str = text()  # a whole-number column of seconds or milliseconds since 1970 that calendar features read
    position: str = text("position")
    user: str = text("user")
    item: str = text("ad")
    ignore: str = text()  # columns that are no features, separated by commas
    numeric: str = text()  # whole-number columns to read as numbers and not as ids, separated by commas


_more = [(name, type(each.default), each) for name, each in techniques.settings().items()]
Config = make_dataclass("Config", _more, bases=(Listed,), frozen=True, slots=True)


def names(words: str) -> tuple[str, ...]:
    """The parts of a comma-separated setting."""
    return tuple(part.strip() for part in words.split(",") if part.strip())


def parse(overrides: Sequence[str], start: Config | None = None) -> Config:
    """Apply ``name=value`` words to ``start``. Raises ConfigError."""
    config = start or Config()
    for word in overrides:
        name, equals, value = word.partition("=")
        if not equals:
            raise ConfigError(f"{word!r} is no override; write name=value, such as learning_rate=0.002")
        config = replace(config, **{name: _value(name, value)})
    return config


def _value(name: str, text: str) -> Value:
    known = {each.name: each for each in fields(Config)}
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.0)
        raise ConfigError(f"there is no setting {name!r}; the nearest is {near[0]!r}")
    meta = known[name].metadata
    default = known[name].default
    if isinstance(default, bool):
        return _boolean(name, text)
    if isinstance(default, str):
        return _word(name, text, meta.get("choices", ()))
    return _number(name, text, type(default), (meta["low"], meta["high"]))


def _boolean(name: str, text: str) -> bool:
    words = {"true": True, "1": True, "false": False, "0": False}
    if text.lower() not in words:
        raise ConfigError(f"{name}={text}: must be true or false")
    return words[text.lower()]


def _word(name: str, text: str, choices: Any) -> str:
    allowed = choices() if callable(choices) else choices
    if allowed and text not in allowed:
        raise ConfigError(f"{name}={text}: must be one of {', '.join(allowed)}")
    return text


def _number(name: str, text: str, kind: type, limits: tuple[float, float]) -> float:
    try:
        value = float(text)
    except ValueError:
        raise ConfigError(f"{name}={text}: not a number") from None
    if kind is int and not value.is_integer():
        raise ConfigError(f"{name}={text}: must be a whole number")
    if not limits[0] <= value <= limits[1]:
        raise ConfigError(f"{name}={text}: must lie between {limits[0]:g} and {limits[1]:g}")
    return kind(value)
