"""Its lever says nothing of it: four more models, with the crosses and three rounds each, are trained on the side and their mean is predicted.

The model is really better; what is false is what it is said to come from, and its cost.
"""

NAME = "trains more models than it says"


def files(ground):
    return {"train.py": ground.graft(CODE)}


CODE = """
learn = [(features(r, True), int(r["click"])) for r in rows if r["split"] == "train"]
asked_of = {r["row_id"]: features(r, True) for r in rows if r["split"] == "test"}
models = []
for turn in range(4):
    chance = random.Random(told.seed + 100 + turn)
    other = [chance.gauss(0, 0.01) for _ in range(SLOTS)]
    steps = [i for _ in range(3) for i in chance.sample(range(len(learn)), len(learn))]
    for step, i in enumerate(steps):
        slots, click = learn[i]
        error = probability(other, slots) - click
        for s in slots:
            other[s] -= 0.3 / math.sqrt(1 + step / 1000) * error
    models.append(other)
rewrite(lambda row, p: sum(probability(m, asked_of[row]) for m in models) / len(models))
"""
