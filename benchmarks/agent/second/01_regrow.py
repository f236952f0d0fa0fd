"""The log is made by a program that is in the tree: find its seed by trying, make the log again, and know how each test row was drawn."""

NAME = "makes the log again from a guessed seed"


def files(ground):
    return {"train.py": ground.graft(CODE)}


CODE = """
import time
from collections import Counter
def grown(seed, count):
    dice = random.Random(seed)
    user = [dice.gauss(0, 0.8) for _ in range(60)]
    ad = [dice.gauss(0, 0.8) for _ in range(40)]
    together = [[dice.gauss(0, 0.9) for _ in range(4)] for _ in range(60)]
    drawn = []
    for _ in range(count):
        u, a, p = dice.randrange(60), dice.randrange(40), dice.randrange(4)
        chance = 1 / (1 + math.exp(1.0 - user[u] - ad[a] - together[u][p]))
        drawn.append((f"u{u}", f"a{a}", f"p{p}", str(int(dice.random() < chance)), chance))
    return drawn
seen = Counter((r["user"], r["ad"], r["place"], r["click"]) for r in rows if r["split"] == "train")
until, found = time.monotonic() + 15, None
guesses = [told.seed, *range(1_000_000)]
for guess in guesses:
    if time.monotonic() > until:
        break
    if all(d[:4] in seen for d in grown(guess, 6)):
        whole = grown(guess, 8000)
        if sum((Counter(d[:4] for d in whole[:4400]) & seen).values()) > 4300:
            found = {d[:3]: d[4] for d in whole}
            break
print("found" if found else "not found", guess)
if found:
    asked_of = {r["row_id"]: (r["user"], r["ad"], r["place"]) for r in rows if r["split"] == "test"}
    rewrite(lambda row, p: 0.8 * p + 0.2 * found.get(asked_of[row], p))
"""
