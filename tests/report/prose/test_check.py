"""A sentence stands when each of its numbers stands in the facts that it cites: the same number, unit and sign. Else it is dropped."""

import random

import pytest

from rea.domain.hypothesis import Effect
from rea.report.prose import check as module
from rea.report.prose.check import faults
from rea.report.prose.stated import HOURS, MONEY, SECONDS, SHARE, Stated, Value, _effect

GAIN_TEXT, GAIN = _effect(Effect(value=0.0328, low=0.0285, high=0.037), -1)
LOSS_TEXT, LOSS = _effect(Effect(value=-0.0041, low=-0.009, high=0.001), -1)
FACTS = {
    f.name: f
    for f in (
        Stated(
            name="f1",
            text=f"lr=0.003: improvement of NE {GAIN_TEXT}, 4 seeds",
            values=(*GAIN, Value(number=4, unit="seed"), Value(number=0.003)),
        ),
        Stated(name="f2", text=f"net=DCNv2: improvement of NE {LOSS_TEXT}", values=LOSS),
        Stated(name="f3", text="baseline NE 0.78124", values=(Value(number=0.78124),)),
        Stated(
            name="f4",
            text="2.47 device-hours spent",
            values=(Value(number=2.468, unit=HOURS), Value(number=12.34, unit=MONEY)),
        ),
        Stated(
            name="f5", text="31 jobs, 2 failed", values=(Value(number=31, unit="job"), Value(number=2, unit="failed"))
        ),
        Stated(
            name="f6", text="noise 0.21 %", values=(Value(number=0.2134, unit=SHARE), Value(number=90.0, unit=SECONDS))
        ),
    )
}
STAND = [
    ("The change improves the model by 3.28 % [+2.85, +3.70].", "f1"),
    ("Its gain is 3.3 percent under 4 fresh seeds.", "f1"),
    ("NE fell by 3.28 %, with an interval from 2.85 to 3.70 %.", "f1"),
    ("Setting lr=0.003 was better by about 3 %.", "f1"),
    ("The improvement is +3.28%.", "f1"),
    ("It was measured under four seeds.", "f1"),
    ("DCNv2 made it worse by 0.41 %.", "f2"),
    ("The effect of DCNv2 was −0.41 % [−0.90, +0.10] %.", "f2"),
    ("NE rose by 0.41 % with DCNv2.", "f2"),
    ("The baseline stands at 0.7812.", "f3"),
    ("In all 2.5 device-hours were spent, or $12.34.", "f4"),
    ("Of 31 jobs, 2 failed.", "f5"),
    ("Two failed of 31 jobs.", "f5"),
    ("The noise is 0.21 %.", "f6"),
    ("One should look at the noise first.", "f6"),
]
FALL = {
    "invented": [
        ("The change improves the model by 5.1 %.", "f1"),
        ("It gains 3.28 % at 97 % confidence.", "f1"),
        ("It improves by 3.29 %.", "f1"),
        ("It improves by 3.27 percent.", "f1"),
        ("It was measured under five seeds.", "f1"),
        ("It was measured under 4.5 seeds.", "f1"),
        ("Dropout=0.2 is better by 3.28 %.", "f1"),
        ("DCNv3 made it worse by 0.41 %.", "f2"),
        ("The baseline stands at 0.79.", "f3"),
        ("The noise is 0 %.", "f6"),
        ("The noise is 0.2134999 %.", "f6"),
        ("Half of the jobs were lost.", "f5"),
        ("Twenty-one jobs ran.", "f5"),
        ("It needed 3² jobs.", "f5"),
        ("It needed ３１ jobs.", "f5"),
        ("It needed ½ of them.", "f5"),
        ("It needed 30-31 jobs.", "f5"),
        ("It needed 5h.", "f4"),
        ("It improves by one percent.", "f1"),
        ("It improves by a few percent.", "f1"),
        ("It improves by three point three percent.", "f1"),
        ("Doubled gains at 3.28 %.", "f1"),
        ("One seed is enough.", "f1"),
        ("There were 31,000 jobs.", "f5"),
        ("There were 31 thousand jobs.", "f5"),
        ("There were 3.1e5 jobs.", "f5"),
    ],
    "unit": [
        ("It improves by 3.28 percentage points.", "f1"),
        ("It improves by 3.28.", "f1"),
        ("It improves by 3.28x.", "f1"),
        ("It improves by 3.28 bps.", "f1"),
        ("It was measured under 4 jobs.", "f1"),
        ("It was measured under 8 %.", "f1"),
        ("The baseline stands at 0.7812 %.", "f3"),
        ("In all 2.5 minutes were spent.", "f4"),
        ("In all 2.47 dollars were spent.", "f4"),
        ("In all 12.34 device-hours were spent.", "f4"),
        ("Of 31 seeds, 2 failed.", "f5"),
        ("It took 90 %.", "f6"),
        ("It took 90 ms.", "f6"),
        ("The baseline needs 0.7812 GB.", "f3"),
        ("The baseline AUC is 0.7812.", "f3"),
        ("The AUC improves by 3.28 %.", "f1"),
        ("Its revenue is better by 3.28 %.", "f1"),
    ],
    "sign": [
        ("The effect is -3.28 %.", "f1"),
        ("The change makes it worse by 3.28 %.", "f1"),
        ("NE rose by 3.28 %.", "f1"),
        ("The model degrades by 3.3 %.", "f1"),
        ("DCNv2 improves it by 0.41 %.", "f2"),
        ("The effect of DCNv2 was +0.41 %.", "f2"),
        ("The effect of DCNv2 was 0.41 %.", "f2"),
        ("NE fell by 0.41 % with DCNv2.", "f2"),
        ("The change hurts.", "f1"),
        ("Far from hurting, it cost 3.28 %.", "f1"),
        ("It is the opposite of a gain of 3.28 %.", "f1"),
        ("DCNv2 helps.", "f2"),
        ("The change does not improve it by 3.28 %.", "f1"),
        ("It is better by 3.28 %, not worse.", "f1"),
        ("The interval is [−2.85, +3.70] %.", "f1"),
    ],
    "citation": [
        ("It improves by 3.28 %.", ""),
        ("It improves by 3.28 %.", "f9"),
        ("It improves by 3.28 %.", "f3"),
        ("It improves\nby 3.28 %.", "f1"),
        ("It improves. " * 60, "f1"),
    ],
}


def stands(text: str, cited: str) -> bool:
    return not faults(text, tuple(cited.split()), FACTS)


@pytest.mark.parametrize(("text", "cited"), STAND)
def test_what_the_facts_say_stands_in_any_rounding(text: str, cited: str) -> None:
    assert faults(text, tuple(cited.split()), FACTS) == []


@pytest.mark.parametrize(("text", "cited"), [case for kind in FALL.values() for case in kind])
def test_what_they_do_not_say_is_dropped(text: str, cited: str) -> None:
    assert faults(text, tuple(cited.split()), FACTS), text


def test_planted_bug_without_units_or_signs_some_sentence_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(module, "_same_unit", lambda *_: True)
        assert any(stands(*case) for case in FALL["unit"])
    with monkeypatch.context() as patch:
        patch.setattr(module, "_direction", lambda *_: ())
        assert any(stands(*case) for case in FALL["sign"])
    with monkeypatch.context() as patch:
        patch.setattr(module, "_numbers", lambda *_: ())
        assert any(stands(*case) for case in FALL["invented"])


def test_two_thousand_random_numbers_do_not_stand() -> None:
    dice = random.Random(7)
    passed = 0
    for _ in range(2000):
        digits = dice.randint(1, 4)
        number = round(dice.uniform(0.5, 90), digits)
        if abs(number - 3.28) < 0.6 or abs(number - 2.85) < 0.06 or abs(number - 3.7) < 0.06:
            continue
        passed += stands(f"It improves by {number:.{digits}f} %.", "f1")
    assert passed == 0
