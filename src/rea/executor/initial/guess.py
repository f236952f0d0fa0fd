"""Which lever an option is, by its name, and how far it may sensibly be turned. Pure; a guess, which a person reads."""

import re
from dataclasses import dataclass

from rea.domain.lever import Lever, LeverType, Role, Scalar
from rea.executor.initial.options import Option


@dataclass(frozen=True, slots=True)
class Habit:
    """How options of a role are usually called, and their range: of the default (``factor``), or fixed (``low``, ``high``)."""

    role: Role
    pattern: str
    factor: float = 0.0
    low: float = 0.0
    high: float = 1.0


_EMB = r"emb(ed|edding|eddings|s)?"
_COUNT = r"(n|num|number_of|nb)_"
HABITS = (
    Habit(Role.EMBEDDING_LEARNING_RATE, rf"{_EMB}_(lr|learning_rate)(_mult|_multiplier|_scale|_ratio)", factor=10),
    Habit(Role.LEARNING_RATE, r"(base_|init_|initial_)?(lr|learning_rate|learningrate)", factor=10),
    Habit(Role.OPTIMIZER, r"opt|optim|optimi[sz]er(_name|_type)?"),
    Habit(Role.SCHEDULE, r"(lr_)?(schedule|scheduler|sched)(_name|_type)?|lr_decay_type"),
    Habit(Role.WARMUP, r"warmup(_ratio|_frac|_fraction|_share|_proportion)", high=0.5),
    Habit(Role.EPOCHS, rf"({_COUNT}|max_|total_)?epochs?", low=1, high=8),
    Habit(Role.MICRO_BATCH, r"micro_batch(_size)?", low=0, high=65536),
    Habit(Role.BATCH_SIZE, r"(train_)?(batch|bs|batch_size|batchsize)", factor=16),
    Habit(Role.GRADIENT_CLIP, r"(grad|gradient)?_?(clip|clipping)(_norm|_grad|_value)?|max_grad(ient)?_norm", high=10),
    Habit(Role.EMBEDDING_L2, rf"({_EMB}_(l2|reg|regulari[sz]er|weight_decay)|l2(_reg)?_{_EMB})", high=0.01),
    Habit(Role.WEIGHT_DECAY, r"wd|weight_decay|l2|l2_reg(_dnn)?|l2_lambda", high=0.01),
    Habit(Role.WEIGHT_AVERAGING, r"(ema|swa|polyak)(_decay|_rate)?", high=0.9999),
    Habit(Role.EARLY_STOPPING, r"(early_stop(ping)?_)?patience|early_stop(ping)?(_rounds|_epochs)?", low=0, high=5),
    Habit(Role.EMBEDDING_DROPOUT, rf"{_EMB}_(dropout|drop)(_rate|_prob)?", high=0.6),
    Habit(Role.EMBEDDING_INIT, rf"{_EMB}_(std|init|init_std|sigma)|init_std", factor=10),
    Habit(Role.EMBEDDING_DIM, rf"({_EMB}|factor|latent)_?(dim|size|dims|width)|{_EMB}|{_COUNT}factors", factor=4),
    Habit(
        Role.MIN_FREQUENCY,
        r"min_(freq|frequency|count|categr_count|occurrences)|cut_?off|threshold_freq",
        low=1,
        high=50,
    ),
    Habit(Role.HASH_SIZE, rf"hash(_size|_bins|_buckets)|{_COUNT}(hash_)?buckets", low=0, high=1 << 20),
    Habit(Role.ATTENTION_HEADS, rf"({_COUNT}|attention_|attn_)+(heads|head_num)|heads|head_num", low=1, high=8),
    Habit(
        Role.INTERACTION_DEPTH,
        rf"({_COUNT})?(cross|crossing|interaction|cin|attention|attn)_(layers|depth|num)",
        low=1,
        high=5,
    ),
    Habit(Role.INTERACTION_WIDTH, r"(low_?rank|rank|cross_(rank|dim|width))", low=1, high=256),
    Habit(Role.TOWER_DEPTH, rf"{_COUNT}?((hidden|mlp|dnn|deep|fc)_)?layers|depth|(mlp|dnn|tower)_depth", low=1, high=4),
    Habit(Role.TOWER_WIDTH, r"(hidden|mlp|dnn|deep|fc|tower)(_units|_size|_dim|_width)?|width", factor=8),
    Habit(Role.LABEL_SMOOTHING, r"(label_)?smoothing", high=0.3),
    Habit(Role.DROPOUT, r"((net|dnn|mlp|deep|hidden|fc)_)?(drop|dropout)(_rate|_prob|_p|_ratio)?", high=0.6),
    Habit(Role.NORMALISATION, r"(use_)?(bn|batch_?norm|layer_?norm|norm|normali[sz]ation|dnn_use_bn)(_type)?"),
    Habit(Role.ACTIVATION, r"((dnn|mlp|hidden)_)?(act|activation|nonlinearity)(_fn|_function)?"),
    Habit(Role.RESIDUAL, r"(use_)?(residual|res|skip)"),
    Habit(
        Role.NEGATIVE_SAMPLING, r"(neg|negative)_(sampling|sample|ratio|rate|sample_rate|sampling_rate|keep)", low=0.05
    ),
    Habit(Role.LOSS, r"loss(_fn|_type|_name)?|criterion"),
    Habit(Role.PRECISION, r"precision|dtype|amp|(use_)?amp"),
    Habit(Role.ARCHITECTURE, r"model(_name|_type)?|arch(itecture)?|net(work)?"),
    Habit(Role.ENSEMBLE, rf"ensemble(_size)?|{_COUNT}members", low=1, high=8),
)


def habit_of(option: Option) -> Habit | None:
    """Return what an option is usually for: the whole of its name decides, else its last part after a dot."""
    last = option.name.rpartition(".")[2].replace("-", "_").lower()
    for words in (option.words, last):
        found = next((h for h in HABITS if re.fullmatch(h.pattern, words)), None)
        if found is not None:
            return found
    return None


def lever_of(option: Option, habit: Habit) -> Lever | None:
    """Return the lever that ``option`` would make; None where its default or its values are not known."""
    default = option.default
    if option.switch or default is None:
        return None
    if isinstance(default, str) or option.choices:
        return _choice(option, habit)
    if isinstance(default, bool):
        return Lever(name=option.name, type=LeverType.BOOL, role=habit.role, default=default)
    return _number(option, habit, default)


def _choice(option: Option, habit: Habit) -> Lever | None:
    if len(option.choices) < 2 or option.default not in option.choices:
        return None
    role, default = habit.role, str(option.default)
    return Lever(name=option.name, type=LeverType.CHOICE, role=role, default=default, choices=option.choices)


def _number(option: Option, habit: Habit, stated: Scalar) -> Lever | None:
    default, whole = float(stated), isinstance(stated, int) and option.kind is not float
    if habit.high < default and not habit.factor and not whole and habit.high <= 1:
        return None
    scaled = habit.factor > 0 and default > 0
    low, high = (default / habit.factor, default * habit.factor) if scaled else (habit.low, max(habit.high, default))
    if whole:
        low, high = float(max(round(low), 1 if scaled else low)), float(round(high))
    return Lever(
        name=option.name,
        type=LeverType.INT if whole else LeverType.FLOAT,
        role=habit.role,
        default=int(default) if whole else default,
        low=min(_rounded(low), default),
        high=_rounded(high),
        log=scaled,
    )


def _rounded(value: float) -> float:
    return float(f"{value:.4g}")
