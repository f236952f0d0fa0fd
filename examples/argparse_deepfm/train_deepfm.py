# DeepFM in pytorch, for a csv with an id, a click column and categorical features
# usage: python train_deepfm.py --csv clicks.csv --preds preds.csv
import argparse
import csv
import random
import time

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

parser = argparse.ArgumentParser()
parser.add_argument('--csv', type=str, default='clicks.csv', help='train/valid/test rows in one file, see "split"')
parser.add_argument('--preds', type=str, default='preds.csv', help='where to save test predictions')
parser.add_argument('--lr', type=float, default=1e-3)
parser.add_argument('--emb-size', type=int, default=16)
parser.add_argument('--hidden', type=int, default=64)
parser.add_argument('--n-layers', type=int, default=2)
parser.add_argument('--dropout', type=float, default=0.0)
parser.add_argument('--batch', type=int, default=512)
parser.add_argument('--epochs', type=int, default=2)
parser.add_argument('--wd', type=float, default=0.0, help='L2 on everything')
parser.add_argument('--emb-std', type=float, default=0.01)
parser.add_argument('--opt', choices=['adam', 'adagrad', 'sgd'], default='adam')
parser.add_argument('--frac', type=float, default=1.0, help='use only this fraction of the training rows')
parser.add_argument('--seed', type=int, default=42)
parser.add_argument('--no-fm', action='store_true', help='plain MLP')
args = parser.parse_args()

random.seed(args.seed)
np.random.seed(args.seed)
torch.manual_seed(args.seed)
torch.set_num_threads(1)

SKIP = ('id', 'split', 'click')


def load(path):
    with open(path) as f:
        reader = csv.reader(f)
        header = next(reader)
        rows = list(reader)
    cols = list(zip(*rows))
    d = dict(zip(header, cols))
    split = np.array(d['split'])
    y = np.array(d['click'], dtype=np.float32)
    feats = [h for h in header if h not in SKIP]
    X = np.zeros((len(rows), len(feats)), dtype=np.int64)
    sizes = []
    for j, name in enumerate(feats):
        col = np.array(d[name])
        vocab = {v: i + 1 for i, v in enumerate(sorted(set(col[split == 'train'])))}  # 0 = unseen
        X[:, j] = [vocab.get(v, 0) for v in col]
        sizes.append(len(vocab) + 1)
    return np.array(d['id']), split, X, y, sizes


class DeepFM(nn.Module):
    def __init__(self, sizes, dim, hidden, n_layers, dropout, use_fm=True):
        super().__init__()
        self.emb = nn.ModuleList([nn.Embedding(n, dim) for n in sizes])
        self.lin = nn.ModuleList([nn.Embedding(n, 1) for n in sizes])
        for e in self.emb:
            nn.init.normal_(e.weight, std=args.emb_std)
        for e in self.lin:
            nn.init.zeros_(e.weight)
        self.bias = nn.Parameter(torch.zeros(1))
        layers, d = [], dim * len(sizes)
        for _ in range(n_layers):
            layers += [nn.Linear(d, hidden), nn.ReLU(), nn.Dropout(dropout)]
            d = hidden
        layers.append(nn.Linear(d, 1))
        self.mlp = nn.Sequential(*layers)
        self.use_fm = use_fm

    def forward(self, x):
        v = torch.stack([e(x[:, i]) for i, e in enumerate(self.emb)], 1)
        out = self.mlp(v.flatten(1)).squeeze(1) + self.bias
        if self.use_fm:
            out = out + sum(e(x[:, i]) for i, e in enumerate(self.lin)).squeeze(1)
            out = out + 0.5 * (v.sum(1).pow(2) - v.pow(2).sum(1)).sum(1)
        return out


def predict(model, X):
    model.eval()
    with torch.no_grad():
        return np.concatenate([torch.sigmoid(model(b)).numpy() for b in torch.from_numpy(X).split(4096)])


def logloss(y, p):
    p = np.clip(p, 1e-7, 1 - 1e-7)
    return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))


ids, split, X, y, sizes = load(args.csv)
tr = np.where(split == 'train')[0]
if args.frac < 1:
    tr = np.random.permutation(tr)[:int(len(tr) * args.frac)]
va, te = np.where(split == 'valid')[0], np.where(split == 'test')[0]
print('train %d valid %d test %d, %d features' % (len(tr), len(va), len(te), len(sizes)), flush=True)

model = DeepFM(sizes, args.emb_size, args.hidden, args.n_layers, args.dropout, not args.no_fm)
Opt = {'adam': torch.optim.Adam, 'adagrad': torch.optim.Adagrad, 'sgd': torch.optim.SGD}[args.opt]
opt = Opt(model.parameters(), lr=args.lr, weight_decay=args.wd)
Xt, yt = torch.from_numpy(X), torch.from_numpy(y)

for epoch in range(args.epochs):
    model.train()
    t0, total = time.time(), 0.0
    for step, idx in enumerate(torch.from_numpy(np.random.permutation(tr)).split(args.batch)):
        loss = F.binary_cross_entropy_with_logits(model(Xt[idx]), yt[idx])
        opt.zero_grad()
        loss.backward()
        opt.step()
        total += loss.item()
    print('epoch %d train loss %.5f valid loss %.5f (%.1fs)' % (
        epoch, total / (step + 1), logloss(y[va], predict(model, X[va])), time.time() - t0), flush=True)

with open(args.preds, 'w') as f:
    w = csv.writer(f)
    w.writerow(['id', 'prediction'])
    w.writerows(zip(ids[te], predict(model, X[te])))
print('saved', args.preds)
