"""Hostile workload.toml files, generated: every payload in every place that takes a text, and files that are hostile as a whole."""

import json
from collections.abc import Iterator
from pathlib import Path

TOY = (Path(__file__).parents[3] / "examples" / "toy" / "workload.toml").read_text()
CANARY = "rea-canary"  # what a payload would make, were it ever run

PAYLOADS = {
    "substitution": f"$(touch {CANARY})",
    "backticks": f"`touch {CANARY}`",
    "semicolon": f"x; touch {CANARY}",
    "pipe": f"x | touch {CANARY}",
    "newline": f"x\ntouch {CANARY}\n",
    "quote": f"'; touch {CANARY}; '",
    "variable": "${HOME}",
    "up": f"../../../{CANARY}",
    "absolute": f"/tmp/{CANARY}",
    "password": "/etc/passwd",
    "home": "~root/.ssh/id_rsa",
    "url": f"file:///tmp/{CANARY}",
    "option": "--upload-pack=touch " + CANARY,
    "dash": "-",
    "template": "{{ ''.__class__.__mro__ }}",
    "placeholders": "{python}{seed}{data}{out}{overrides}",
    "format": "%n%s%1000000d",
    "bidi": "\u202egnp.nimda",
    "clipboard": "\u001b]52;c;ZXZpbA==\u0007\u001b[2J",
    "nul": "a\u0000b",
    "long": "A" * 100_000,
    "formula": "=cmd|' /C calc'!A0",
    "sql": "'); DROP TABLE events; --",
    "markup": "<script>alert(1)</script>",
}

HERE = "@@"
PLACES = {
    "name": ('"toy"', HERE),
    "program": ('"{python}", "train.py"', f'{HERE}, "{{python}}"'),
    "argument": ('"train.py"', f'"train.py", {HERE}'),
    "override": ('"{name}={value}"', f'{HERE}, "{{name}}={{value}}"'),
    "resume": ('"--resume"', HERE),
    "predictions": ('"predictions.csv"', HERE),
    "checkpoint": ('checkpoint = "checkpoint"', f"checkpoint = {HERE}"),
    "claims": ('python = "python3"', f'python = "python3"\nclaims = {HERE}'),
    "interpreter": ('"python3"', HERE),
    "variable": ('python = "python3"', f'python = "python3"\nenvironment = {{ {HERE} = "1" }}'),
    "value": ('python = "python3"', f'python = "python3"\nenvironment = {{ A = {HERE} }}'),
    "data": ('"log.csv"', HERE),
    "generate": ('"make_data.py"', HERE),
    "label": ('"click"', HERE),
    "row id": ('row_id = "row_id"', f"row_id = {HERE}"),
    "slice": ("withheld = 0", f"withheld = 0\nslices = [{HERE}]"),
    "day": ("withheld = 0", f"withheld = 0\nday = {HERE}"),
    "format": ('"csv"', HERE),
    "metric": ('"ne"', HERE),
    "guardrail": ("[[lever]]", f"[[guardrail]]\nmetric = {HERE}\nmargin = 0.1\n[[lever]]"),
    "lever": ('"rate"', HERE),
    "role": ('"learning_rate"', HERE),
    "choice": (
        "[[lever]]",
        f'[[lever]]\nname = "o"\ntype = "choice"\nrole = "optimizer"\ndefault = {HERE}\nchoices = [{HERE}, "b"]\n[[lever]]',
    ),
    "fidelity": ('"half"', HERE),
    "fidelity's override": ("{ stop_at = 0.5 }", f"{{ {HERE} = 0.5 }}"),
    "smoke": ("{ stop_at = 0.1 }", f"{{ stop_at = {HERE} }}"),
    "editable": ('editable = ["train.py"]', f"editable = [{HERE}]"),
    "protected": ('editable = ["train.py"]', f"protected = [{HERE}]"),
    "readable": ('editable = ["train.py"]', f"readable = [{HERE}]"),
    "seal": ("[paths]", f"[seal]\nread = [{HERE}]\n[paths]"),
    "tests": ("[paths]", f"[tests]\nargv = [{HERE}]\n[paths]"),
    "source": ("[paths]", f"[bound]\nvalue = 0.5\nsource = {HERE}\n[paths]"),
    "unknown key": ("[metric]", f"[metric]\n{HERE} = 1"),
    "unknown table": ("[paths]", f"[{HERE}]\n[paths]"),
}  # what stands in the file, and what takes its place


def files() -> Iterator[tuple[str, bytes]]:
    """Yield every hostile file with a name for it."""
    for place, (old, new) in PLACES.items():
        assert old in TOY, place
        for name, payload in PAYLOADS.items():
            text = TOY.replace(old, new.replace(HERE, _quoted(payload)), 1)
            yield f"{place}: {name}", text.encode()
    yield from ((name, text if isinstance(text, bytes) else text.encode()) for name, text in WHOLE.items())


def _quoted(text: str) -> str:
    """Return ``text`` as TOML writes it: what JSON would leave as it is, TOML forbids."""
    return json.dumps(text).replace("\x7f", "\\u007f")


WHOLE: dict[str, str | bytes] = {
    "lists in lists": TOY + "\nx = " + "[" * 5_000 + "]" * 5_000,
    "tables in tables": TOY + "\nx = " + "{a=" * 5_000 + "1" + "}" * 5_000,
    "dots in dots": TOY + "\n" + ".".join("a" * 20_000) + " = 1",
    "5,000 digits": TOY.replace("high = 6", "high = " + "9" * 5_000),
    "more than a machine's word": TOY.replace("high = 6", "high = " + "9" * 30),
    "a number without end": TOY.replace("high = 3.0", "high = 1e999"),
    "no number": TOY.replace("high = 3.0", "high = nan"),
    "minus infinity": TOY.replace("low = 0.01", "low = -inf"),
    "a word for a number": TOY.replace("high = 3.0", 'high = "3"'),
    "a number for a word": TOY.replace('name = "toy"', "name = 7"),
    "a table for a word": TOY.replace('name = "toy"', "name = { a = 1 }"),
    "a key twice": TOY.replace('name = "toy"', 'name = "toy"\nname = "toy"'),
    "a table twice": TOY + '\n[data]\npath = "b"\n',
    "a thousand levers of one name": TOY
    + '\n[[lever]]\nname="rate"\ntype="bool"\nrole="crosses"\ndefault=false' * 1_000,
    "an object of Python's": TOY + '\nx = !!python/object/apply:os.system ["touch rea-canary"]\n',
    "anchors": "a: &a [x]\nb: &b [*a,*a]\nc: &c [*b,*b]\n" * 30,
    "entities": '<!DOCTYPE l [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><l>&b;</l>',
    "a pickle": b"\x80\x04cposix\nsystem\n(X\x10\x00\x00\x00touch rea-canarytR.",
    "half a character": TOY.encode() + b'\nx = "\xff\xfe"\n',
    "sixteen bits": TOY.encode("utf-16"),
    "NUL bytes": TOY.encode().replace(b"\n", b"\0\n"),
    "a mark of byte order": "\ufeff" + TOY,
    "a carriage return": TOY.replace('"toy"', '"toy"\r# x'),
    "nothing": "",
    "blanks": " \n" * 100_000,
    "too much": "#" + "x" * 2_000_000 + "\n" + TOY,
    "a date": TOY.replace('name = "toy"', "name = 1979-05-27T07:32:00Z"),
    "a negative limit": TOY.replace("time_limit_s = 4", "time_limit_s = -4", 1),
    "a limit of ages": TOY.replace("time_limit_s = 4", "time_limit_s = 999999999999999999999", 1),
    "memory of a universe": TOY + "memory_mb = 99999999999999999999\n",
    "devices beyond counting": TOY + "devices = 9223372036854775808\n",
    "a share of everything": TOY.replace("share = 0.6", "share = 1e308"),
}
