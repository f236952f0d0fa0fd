# toy click log: users like genres, time of day matters, a few popular items
# usage: python make_data.py clicks.csv [seed] [rows]
import csv
import sys

import numpy as np

path = sys.argv[1]
rng = np.random.default_rng(int(sys.argv[2]) if len(sys.argv) > 2 else 0)
n = int(sys.argv[3]) if len(sys.argv) > 3 else 200000
U, I, G = 800, 300, 8

taste = rng.normal(0, 1.0, (U, 4))
genre_vec = rng.normal(0, 1.0, (G, 4))
genre = rng.integers(0, G, I)
item_bias = rng.normal(0, 0.5, I)
item_vec = genre_vec[genre] + rng.normal(0, 0.3, (I, 4))
hour_genre = rng.normal(0, 0.6, (6, G))
device_bias = np.array([0.0, 0.3, -0.4])

u = rng.choice(U, n, p=(w := rng.pareto(2.0, U) + 0.2) / w.sum())
i = rng.choice(I, n, p=(w := 1 / np.arange(1, I + 1) ** 0.8) / w.sum())
hour = rng.integers(0, 24, n)
dev = rng.integers(0, 3, n)
z = -1.9 + item_bias[i] + device_bias[dev] + 0.55 * (taste[u] * item_vec[i]).sum(1) + hour_genre[hour // 4, genre[i]]
p = 1 / (1 + np.exp(-z))
y = (rng.random(n) < p).astype(int)
split = np.where(np.arange(n) < 0.6 * n, 'train', np.where(np.arange(n) < 0.8 * n, 'valid', 'test'))

with open(path, 'w') as f:
    w = csv.writer(f)
    w.writerow(['id', 'split', 'click', 'user', 'item', 'genre', 'hour', 'device'])
    for k in range(n):
        w.writerow([k, split[k], y[k], 'u%d' % u[k], 'i%d' % i[k], genre[i[k]], hour[k], ['web', 'ios', 'android'][dev[k]]])
print('%s: %d rows, ctr %.3f' % (path, n, y.mean()))
