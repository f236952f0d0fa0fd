"""Which spellings of a lever's words mean the same, so that a technique's "batch" finds a stranger's "use_bn" or "BatchNorm"."""

from collections.abc import Iterable

from rea.domain.lever import Role, Scalar

OFF = frozenset({"", "none", "off", "no", "false", "null", "identity", "disabled", "0"})

_SAME: dict[Role, tuple[str, ...]] = {
    Role.NORMALISATION: ("batch batchnorm bn batchnorm1d batchnormalization", "layer layernorm ln layernormalization"),
    Role.EMBEDDING_NORM: ("layer layernorm ln on true", "batch batchnorm bn"),
    Role.SCHEDULE: (
        "constant none fixed off",
        "cosine cosineannealing cosineannealinglr cosinedecay cosinelr",
        "linear lineardecay linearlr",
        "poly polynomial polydecay",
        "plateau reduceonplateau reducelronplateau",
    ),
    Role.PRECISION: ("bf16 bfloat16 bf16mixed ampbf16", "fp32 float32 32 full single", "fp16 float16 16 half amp"),
    Role.MONITOR: (
        "ne logloss bce loss valloss nll normalizedentropy normalisedentropy crossentropy binarycrossentropy valne vallogloss",
        "auc rocauc valauc",
    ),
    Role.LOSS: ("bce logloss binarycrossentropy crossentropy bcewithlogits bcewithlogitsloss", "focal focalloss"),
    Role.CALIBRATION: (
        "bias intercept prior shift biasonly",
        "temperature temp temperaturescaling",
        "platt plattscaling sigmoid",
    ),
    Role.COUNT_FEATURES: (
        "rate rates ctr historicalctr targetencoding",
        "impressions counts count frequency freq logcount",
    ),
    Role.TIME_FEATURES: ("age itemage adage recency freshness", "hour hourofday cyclic calendar"),
    Role.NUMERIC_ENCODING: (
        "log log1p logarithm",
        "quantile quantiles bucket buckets bins binned discretize",
        "standard zscore standardize",
    ),
    Role.GATING: ("field fieldgate senet featuregate fieldwise", "vector hidden gatenet bit bitwise lhuc"),
    Role.DATA_ORDER: ("time chronological sequential temporal sorted", "shuffled shuffle random"),
    Role.OPTIMIZER: ("adam", "adamw", "adagrad rowwiseadagrad", "sgd momentum"),
    Role.ACTIVATION: ("relu", "gelu", "silu swish", "prelu"),
    Role.ARCHITECTURE: (
        "dcnv2 dcnm dcn2 crossnetv2",
        "masknet maskblock",
        "finalmlp",
        "deepfm",
        "dlrm",
        "autoint autointplus",
    ),
}

# What turning on a mere switch of this role amounts to.
_SWITCH: dict[Role, str] = {
    Role.NORMALISATION: "batch",
    Role.SCHEDULE: "cosine",
    Role.PRECISION: "bf16",
    Role.CALIBRATION: "platt",
    Role.COUNT_FEATURES: "rate",
    Role.TIME_FEATURES: "age",
    Role.NUMERIC_ENCODING: "log",
    Role.GATING: "field",
    Role.DATA_ORDER: "shuffled",
    Role.LOSS: "focal",
}


def canonical_word(role: Role, word: str) -> str:
    """Return the spelling that stands for all that mean the same; words nobody listed stand for themselves."""
    plain = "".join(letter for letter in word.lower() if letter.isalnum())
    for spellings in _SAME.get(role, ()):
        if plain in spellings.split():
            return spellings.split()[0]
    return "none" if plain in OFF else plain


def find_choice(role: Role, word: str, choices: Iterable[str]) -> str | None:
    """Return the choice that means ``word``: the very word if it is there, else the first other spelling of it."""
    listed = tuple(choices)
    if word in listed:
        return word
    return next((c for c in listed if canonical_word(role, c) == canonical_word(role, word)), None)


def as_switch(role: Role, operand: Scalar) -> bool | None:
    """Return what ``operand`` is on a lever that is only on or off; None: a switch cannot say it."""
    if not isinstance(operand, str):
        return bool(operand)
    word = canonical_word(role, operand)
    if word in ("none", "constant"):
        return False
    return True if word in ("true", "on", "yes", _SWITCH.get(role)) else None


def is_off(value: Scalar) -> bool:
    """Whether a lever at ``value`` does nothing: 0, false, or a word such as none."""
    return value.lower() in OFF if isinstance(value, str) else not value
