"""What is searched: twelve cells of one model on one data set, each with a competent default, and what may be turned in them."""

from collections.abc import Mapping
from dataclasses import dataclass

Value = str | int | float | bool
Configuration = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Choice:
    """A handful of values that an engineer would try, in the order in which they would be tried."""

    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Scale:
    """A factor range around a positive number: ``low`` to ``high``, on a logarithmic scale."""

    low: float
    high: float
    whole: bool = False


Span = Choice | Scale

ADULT: dict[str, Value] = {
    "learning_rate": 0.003,
    "normalisation": "batch",
    "embedding_std": 0.1,
    "batch_size": 512,
    "epochs": 3,
}
# What each cell is trained with before anyone improves anything: its data set's sizes, and the best rate and normalisation of a grid of twelve.
DEFAULTS: dict[str, dict[str, Value]] = {
    "dlrm.frappe": {
        "learning_rate": 0.01,
        "normalisation": "layer",
        "embedding_dim": 16,
        "embedding_std": 0.1,
        "epochs": 3,
    },
    "dcnv2.frappe": {"learning_rate": 0.001, "normalisation": "batch", "epochs": 4},
    "deepfm.frappe": {
        "learning_rate": 0.02,
        "normalisation": "layer",
        "embedding_dim": 32,
        "embedding_std": 0.1,
        "epochs": 3,
    },
    "deepfm.ml100k": {"learning_rate": 0.01, "embedding_dim": 16, "embedding_std": 0.03, "epochs": 2},
    "finalmlp.ml100k": {
        "learning_rate": 0.01,
        "normalisation": "layer",
        "embedding_dim": 16,
        "embedding_std": 0.03,
        "epochs": 2,
    },
    "autoint.ml100k": {
        "learning_rate": 0.01,
        "normalisation": "batch",
        "embedding_dim": 16,
        "embedding_std": 0.03,
        "epochs": 2,
    },
    "dcnv2.synthetic": {"learning_rate": 0.01, "dropout": 0.2, "epochs": 2},
    "finalmlp.synthetic": {"learning_rate": 0.003, "dropout": 0.2, "epochs": 2},
    "masknet.synthetic": {"learning_rate": 0.001, "normalisation": "batch", "dropout": 0.2, "epochs": 2},
    "dlrm.adult": ADULT,
    "masknet.adult": ADULT,
    "autoint.adult": ADULT,
}
COLUMNS: dict[str, dict[str, Value]] = {
    "frappe": {"label": "label", "item": "item"},
    "ml100k": {"label": "label", "item": "item"},
    "adult": {"label": "label"},
    "synthetic": {"label": "label"},
}
CROSSES: dict[str, tuple[str, ...]] = {
    "frappe": ("user*item", "item*weekday", "user*daytime", "item*daytime", "user*item,item*weekday"),
    "ml100k": ("user*genre1", "age*genre1", "occupation*genre1", "gender*genres", "user*genre1,gender*genres"),
    "adult": ("education*occupation", "age*marital_status", "relationship*occupation", "sex*relationship"),
    "synthetic": (
        "segment*campaign",
        "campaign*placement",
        "segment*placement",
        "user*campaign",
        "segment*campaign,campaign*placement",
    ),
}
DROPS: dict[str, tuple[str, ...]] = {
    "frappe": ("user", "city", "isweekend", "cost"),
    "ml100k": ("user", "zip3", "day", "hour,weekday"),
    "adult": ("fnlwgt", "native_country", "race", "fnlwgt,race"),
    "synthetic": ("session", "advertiser", "user", "ad", "session,advertiser"),
}
TIMED = ("ml100k", "synthetic")  # with a day for each row

# The plain ones, which any training script has.
SHARED: dict[str, Span] = {
    "learning_rate": Scale(0.0003, 0.03),
    "embedding_rate": Scale(0.1, 10.0),
    "optimizer": Choice(("adamw", "adagrad", "sgd")),
    "schedule": Choice(("constant", "cosine", "plateau")),
    "warmup": Choice((0.05, 0.1, 0.2)),
    "epochs": Choice((1, 2, 3, 4, 6, 8)),
    "batch_size": Choice((256, 512, 1024, 2048, 4096)),
    "weight_decay": Choice((0.0001, 0.001, 0.01)),
    "early_stopping": Choice((1, 2)),
    "embedding_dim": Choice((4, 8, 16, 32)),
    "embedding_std": Scale(0.001, 0.3),
    "embedding_l2": Choice((1e-6, 1e-5, 1e-4, 1e-3)),
    "interaction_depth": Choice((1, 3, 4)),
    "tower_width": Choice((32, 128, 256)),
    "tower_depth": Choice((1, 3, 4)),
    "activation": Choice(("gelu", "silu", "leaky_relu")),
    "dropout": Choice((0.1, 0.2, 0.3, 0.5)),
    "normalisation": Choice(("none", "batch", "layer")),
}
# The rest of what the ranker has. Left out: the model itself, what makes several models of one (ensembles), and what cannot change a prediction.
MORE: dict[str, Span] = {
    "embedding_optimizer": Choice(("lazy_adam", "rowwise_adagrad")),
    "gradient_clip": Choice((1.0, 10.0)),
    "embedding_clip": Choice((0.1, 1.0)),
    "weight_averaging": Choice((0.9, 0.99, 0.995)),
    "tail_averaging": Choice((0.25, 0.5)),
    "embedding_sizing": Choice((0.25, 0.5)),
    "embedding_dropout": Choice((0.1, 0.2, 0.3)),
    "embedding_norm": Choice((True,)),
    "id_dropout": Choice((0.02, 0.05, 0.1)),
    "embedding_reset": Choice((True,)),
    "compositional": Choice((256, 1024)),
    "min_frequency": Choice((2, 5, 10)),
    "hash_size": Choice((1000, 10_000)),
    "interaction_width": Choice((8, 32)),
    "structure": Choice(("stacked",)),
    "attention_heads": Choice((1, 4)),
    "tower_taper": Choice((0.5,)),
    "residual": Choice((True,)),
    "gating": Choice(("field", "vector")),
    "first_order": Choice((False,)),
    "count_features": Choice(("impressions", "rate")),
    "numeric_encoding": Choice(("log", "quantile", "piecewise", "periodic", "autodis")),
    "negative_sampling": Choice((0.5, 0.25)),
    "label_smoothing": Choice((0.01, 0.05)),
    "loss": Choice(("focal",)),
    "pairwise_loss": Choice((0.1, 0.5)),
    "calibration": Choice(("bias", "temperature", "platt")),
}
WITH_DAYS: dict[str, Span] = {
    "history": Choice((10, 20)),
    "time_features": Choice(("age",)),
    "recency_weighting": Choice((3.0, 10.0, 30.0)),
    "data_window": Choice((7, 14)),
    "data_order": Choice(("time",)),
}


@dataclass(frozen=True, slots=True)
class Cell:
    """One model on one data set."""

    model: str
    data: str

    @property
    def name(self) -> str:
        return f"{self.model}.{self.data}"

    @property
    def default(self) -> dict[str, Value]:
        """What is set before anyone searches; everything else stays as the ranker has it."""
        return {"model": self.model, **COLUMNS[self.data], **DEFAULTS[self.name]}

    def spans(self, level: str) -> dict[str, Span]:
        """Return what may be turned at ``level``: ``full`` or ``shared``."""
        if level == "shared":
            return SHARED
        apart: dict[str, Span] = {"crosses": Choice(CROSSES[self.data]), "field_drop": Choice(DROPS[self.data])}
        return SHARED | MORE | apart | (WITH_DAYS if self.data in TIMED else {})


CELLS = tuple(
    Cell(model, data)
    for model, both in {
        "dlrm": ("frappe", "adult"),
        "dcnv2": ("frappe", "synthetic"),
        "deepfm": ("frappe", "ml100k"),
        "finalmlp": ("synthetic", "ml100k"),
        "masknet": ("synthetic", "adult"),
        "autoint": ("ml100k", "adult"),
    }.items()
    for data in both
)
UNTOUCHED = Cell("autoint", "adult")  # nothing was tuned on it: it is run when everything else is done


def words(cell: Cell, configuration: Configuration) -> tuple[str, ...]:
    """Return the command-line words of a configuration on top of the cell's default, in the order of their names."""
    return tuple(f"{name}={_text(value)}" for name, value in sorted({**cell.default, **configuration}.items()))


def _text(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else f"{value:.6g}" if isinstance(value, float) else str(value)
