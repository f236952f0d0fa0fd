"""A codebase that was not written for us: its own names and words, the roles everyone shares."""

from rea.domain.change import BASELINE, Change
from rea.domain.evidence import Noise
from rea.domain.ids import Digest, HypothesisId
from rea.domain.insight import Setting
from rea.domain.lever import Lever, LeverType, Role, Scalar
from rea.domain.workload import Command, Data, Fidelity, MetricName, Workload
from rea.ports import Briefing

NOISE = Noise(
    seed_sd=(("full", 0.002),),
    degrees_of_freedom=3,
    row_sd=0.001,
    cost_ms=(("full", 1000),),
    hold_ms=60_000,
    baseline=0.8,
    detectable=0.004,
)
HERE = Setting(workload="foreign", model="mlp", data=Digest("d" * 64))


def number(name: str, role: Role, default: float, low: float, high: float, log: bool = False) -> Lever:
    kind = LeverType.INT if isinstance(default, int) else LeverType.FLOAT
    return Lever(name=name, type=kind, role=role, default=default, low=low, high=high, log=log)


def words(name: str, role: Role, *choices: str) -> Lever:
    return Lever(name=name, type=LeverType.CHOICE, role=role, default=choices[0], choices=choices)


def switch(name: str, role: Role, default: Scalar = False) -> Lever:
    return Lever(name=name, type=LeverType.BOOL, role=role, default=default)


LEVERS = (
    number("optim.lr", Role.LEARNING_RATE, 1e-3, 1e-5, 0.1, log=True),
    words("optim.name", Role.OPTIMIZER, "Adam", "AdamW", "Adagrad"),
    words("sched", Role.SCHEDULE, "none", "CosineAnnealingLR", "LinearLR"),
    number("n_epochs", Role.EPOCHS, 3, 1, 20),
    number("bs", Role.BATCH_SIZE, 4096, 256, 65536, log=True),
    number("wd", Role.WEIGHT_DECAY, 0.0, 0.0, 0.1),
    switch("amp", Role.PRECISION),
    switch("ema", Role.WEIGHT_AVERAGING),
    number("emb_dim", Role.EMBEDDING_DIM, 8, 4, 64),
    number("emb_reg", Role.EMBEDDING_L2, 0.0, 0.0, 0.1),
    number("hidden1", Role.TOWER_WIDTH, 128, 16, 1024),
    number("hidden2", Role.TOWER_WIDTH, 64, 16, 1024),
    number("p_drop", Role.DROPOUT, 0.0, 0.0, 0.5),
    switch("use_bn", Role.NORMALISATION),
    words("act", Role.ACTIVATION, "ReLU", "Swish"),
    words("net", Role.ARCHITECTURE, "mlp", "DCN-v2", "Deep-FM"),
    number("clip", Role.GRADIENT_CLIP, 0.0, 0.0, 10.0),
    number("halflife", Role.RECENCY_WEIGHTING, 0.0, 0.0, 30.0),
    number("magic", Role.OTHER, 0.5, 0.0, 1.0),
)


def workload(*levers: Lever, day: str = "dt") -> Workload:
    return Workload(
        name="foreign",
        command=Command(argv=("{python}", "main.py", "{overrides}")),
        data=Data(path="log.csv", label="y", day=day),
        primary=MetricName.NE,
        levers=levers or LEVERS,
        fidelities=(Fidelity(name="full"),),
    )


FOREIGN = workload()


def briefing(
    of: Workload = FOREIGN, current: Change = BASELINE, taken: frozenset[HypothesisId] = frozenset(), round_: int = 1
) -> Briefing:
    return Briefing(workload=of, setting=HERE, current=current, noise=NOISE, taken=taken, round=round_)
