"""How hard each setting of the synthetic log is: ``python bench/difficulty.py [--logs 11,12] [--settings demo,default]``.

Normalized entropy on test rows of the best knowable probability, of logistic regression over all fields one-hot (its
strength chosen on validation rows), of the default and of the tuned configuration, the mean of the logs. Public ads logs
(Criteo, Avazu): 2 to 4 points of NE from logistic regression to the best model, 0.3 to 1 from default to tuned.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
import torch
from measure import Log, logs, once, tuned
from scipy.sparse import csr_matrix, hstack
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import OneHotEncoder

from ranker import metrics
from ranker.synthetic import SETTINGS, generate

FIELDS = ("user", "segment", "country", "ad", "campaign", "placement", "device", "hour", "weekday", "position")


def logistic(setting: str, seed: int) -> float:
    """Test NE of logistic regression."""
    columns = generate(SETTINGS[setting], seed)
    split, label = columns["split"], columns["click"].astype(float)
    train = split == "train"
    words = np.stack([columns[name] for name in FIELDS], axis=1)
    hot = OneHotEncoder(handle_unknown="ignore").fit(words[train])
    numbers = np.stack([np.log(columns["bid"]), columns["phase"]], axis=1)
    x = hstack([hot.transform(words), csr_matrix(numbers)]).tocsr()
    found = []
    for strength in (0.03, 0.1, 0.3):
        model = LogisticRegression(C=strength, max_iter=60).fit(x[train], label[train])
        scores = [
            metrics.normalized_entropy(label[split == name], model.predict_proba(x[split == name])[:, 1])
            for name in ("valid", "test")
        ]
        found.append(scores)
    return min(found)[1]


def line(setting: str, made: list[Log]) -> str:
    """One line of the table."""
    seeds = [int(log.path.stem) for log in made]
    default, best = ([once(log, 1, words) for log in made] for words in ((), tuned()))
    figures = {
        "p_bayes": np.array([each.ne - each.gap for each in default]),
        "logistic": np.array([logistic(setting, seed) for seed in seeds]),
        "default": np.array([each.ne for each in default]),
        "tuned": np.array([each.ne for each in best]),
    }
    words = " ".join(f"{name} {value.mean():.4f}" for name, value in figures.items())
    spreads = ", ".join(
        f"{name} to tuned {_spread(figures[name] - figures['tuned'])}" for name in ("logistic", "default")
    )
    return f"{setting:8s} {words}; points of NE, mean [lowest, highest log]: {spreads}"


def _spread(gained: np.ndarray) -> str:
    low, mean, high = (100 * each for each in (gained.min(), gained.mean(), gained.max()))
    return f"{mean:.2f} [{low:.2f}, {high:.2f}]"


def main() -> None:
    """Print one line a setting."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--logs", default="11,12", help="generator seeds")
    parser.add_argument("--settings", default="easy,demo,default,hard")
    given = parser.parse_args()
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    for setting in given.settings.split(","):
        with tempfile.TemporaryDirectory() as folder:
            print(line(setting, logs([int(seed) for seed in given.logs.split(",")], setting, Path(folder))), flush=True)


if __name__ == "__main__":
    main()
