"""Makes the toy's log: clicks that depend on the user, the ad, and on which user sees which place."""

import csv
import math
import random
import sys

ROWS = 8000


def main(path, seed):
    dice = random.Random(seed)
    user = [dice.gauss(0, 0.8) for _ in range(60)]
    ad = [dice.gauss(0, 0.8) for _ in range(40)]
    together = [[dice.gauss(0, 0.9) for _ in range(4)] for _ in range(60)]
    with open(path, "w") as file:
        written = csv.writer(file)
        written.writerow(["row_id", "split", "user", "ad", "place", "click"])
        for row in range(ROWS):
            u, a, p = dice.randrange(60), dice.randrange(40), dice.randrange(4)
            chance = 1 / (1 + math.exp(1.0 - user[u] - ad[a] - together[u][p]))
            split = "train" if row < 4400 else "valid" if row < 6400 else "test"
            written.writerow([row, split, f"u{u}", f"a{a}", f"p{p}", int(dice.random() < chance)])


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
