"""Levers: what may be turned in a workload, named by the role it plays so that knowledge carries over between codebases."""

from dataclasses import dataclass
from enum import StrEnum

Scalar = str | int | float | bool


class Role(StrEnum):
    """What a lever does, in the field's words. A closed list: techniques, remedies and insights speak only these."""

    # optimisation and schedule
    LEARNING_RATE = "learning_rate"
    EMBEDDING_LEARNING_RATE = "embedding_learning_rate"  # multiplier on the embeddings' rate
    OPTIMIZER = "optimizer"
    EMBEDDING_OPTIMIZER = "embedding_optimizer"
    SCHEDULE = "schedule"
    WARMUP = "warmup"  # share of the steps
    EPOCHS = "epochs"
    BATCH_SIZE = "batch_size"
    MICRO_BATCH = "micro_batch"  # rows in memory at once; 0 = the whole batch
    GRADIENT_CLIP = "gradient_clip"
    EMBEDDING_CLIP = "embedding_clip"  # of each row's gradient, in shares of the row's norm; 0 = off
    WEIGHT_DECAY = "weight_decay"
    WEIGHT_AVERAGING = "weight_averaging"  # decay of the moving average; 0 = off
    TAIL_AVERAGING = "tail_averaging"  # share of the last steps whose weights are averaged; 0 = off
    SHARPNESS = "sharpness"  # how far off a step looks for its gradient (SAM); 0 = off
    EARLY_STOPPING = "early_stopping"
    MONITOR = "monitor"
    PRECISION = "precision"
    # embeddings and vocabulary
    EMBEDDING_DIM = "embedding_dim"
    EMBEDDING_SIZING = "embedding_sizing"  # power of a field's share of ids that its size follows; 0 = all alike
    EMBEDDING_INIT = "embedding_init"  # standard deviation
    EMBEDDING_L2 = "embedding_l2"
    EMBEDDING_DROPOUT = "embedding_dropout"
    EMBEDDING_NORM = "embedding_norm"
    ID_DROPOUT = "id_dropout"
    EMBEDDING_RESET = "embedding_reset"  # tables start afresh after each epoch
    COMPOSITIONAL = "compositional"  # ids a field above which vectors are composed; 0 = off
    MIN_FREQUENCY = "min_frequency"
    HASH_SIZE = "hash_size"
    MULTI_EMBEDDING = "multi_embedding"
    # architecture
    ARCHITECTURE = "architecture"
    INTERACTION_DEPTH = "interaction_depth"
    INTERACTION_WIDTH = "interaction_width"
    STRUCTURE = "structure"  # of tower and interaction: beside or on top of each other
    ATTENTION_HEADS = "attention_heads"
    TOWER_WIDTH = "tower_width"
    TOWER_DEPTH = "tower_depth"
    TOWER_TAPER = "tower_taper"  # each layer's width as a share of the one before
    ACTIVATION = "activation"
    DROPOUT = "dropout"
    NORMALISATION = "normalisation"
    RESIDUAL = "residual"
    GATING = "gating"
    FIRST_ORDER = "first_order"  # a linear term over the ids
    # features
    FIELD_DROP = "field_drop"
    CROSSES = "crosses"
    COUNT_FEATURES = "count_features"
    HISTORY = "history"  # past clicks that a candidate attends to; 0 = off
    TIME_FEATURES = "time_features"
    NUMERIC_ENCODING = "numeric_encoding"
    POSITION_DEBIAS = "position_debias"
    # data and loss
    NEGATIVE_SAMPLING = "negative_sampling"
    RECENCY_WEIGHTING = "recency_weighting"  # time constant in days; 0 = off
    DATA_WINDOW = "data_window"
    DATA_ORDER = "data_order"
    LABEL_SMOOTHING = "label_smoothing"
    LOSS = "loss"
    PAIRWISE_LOSS = "pairwise_loss"  # weight beside the pointwise loss; 0 = off
    CALIBRATION = "calibration"
    ENSEMBLE = "ensemble"
    CODISTILLATION = "codistillation"  # weight of the loss against what the other members predict; 0 = off
    SERVE_ONE = "serve_one"  # of an ensemble, the first member serves alone
    CONSISTENCY = "consistency"  # weight of the divergence between two passes with different dropout; 0 = off
    DISTILLATION = "distillation"  # weight of the loss against a stored teacher; 0 = off
    TEACHER = "teacher"  # where its predictions are
    SECOND_LABEL = "second_label"  # the column of another label to learn beside; empty = none
    TASKS = "tasks"  # how much two labels share
    SECOND_WEIGHT = "second_weight"
    EXPERTS = "experts"
    OTHER = "other"


class LeverType(StrEnum):
    """The values a lever takes."""

    INT = "int"
    FLOAT = "float"
    BOOL = "bool"
    CHOICE = "choice"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lever:
    """One thing a config override can turn. ``low`` and ``high`` are inclusive; ``choices`` only for a choice."""

    name: str
    type: LeverType
    role: Role
    default: Scalar
    low: float | None = None
    high: float | None = None
    log: bool = False
    choices: tuple[str, ...] = ()

    @property
    def numeric(self) -> bool:
        """Whether its values are numbers, whole or not."""
        return self.type in (LeverType.INT, LeverType.FLOAT)

    def admits(self, value: Scalar) -> bool:
        """Whether ``value`` has this lever's type and lies in its range."""
        match self.type:
            case LeverType.BOOL:
                return isinstance(value, bool)
            case LeverType.CHOICE:
                return isinstance(value, str) and value in self.choices
            case LeverType.INT if not isinstance(value, int) or isinstance(value, bool):
                return False
            case _ if not isinstance(value, int | float) or isinstance(value, bool):
                return False
            case _:
                return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)
