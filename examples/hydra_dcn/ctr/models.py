import torch
from torch import nn


def mlp(width, depth, inputs, dropout):
    layers = []
    for _ in range(depth):
        layers += [nn.Linear(inputs, width), nn.ReLU(inplace=True), nn.Dropout(dropout)]
        inputs = width
    return nn.Sequential(*layers), inputs


class Embedder(nn.Module):
    def __init__(self, cardinalities, dim):
        super().__init__()
        self.tables = nn.ModuleList([nn.Embedding(n, dim) for n in cardinalities])
        for t in self.tables:
            nn.init.xavier_normal_(t.weight)

    def forward(self, x):
        return torch.cat([t(x[:, i]) for i, t in enumerate(self.tables)], dim=1)


class MLP(nn.Module):
    def __init__(self, cardinalities, embed_dim, hidden_dim, num_layers, dropout):
        super().__init__()
        self.embed = Embedder(cardinalities, embed_dim)
        self.deep, d = mlp(hidden_dim, num_layers, embed_dim * len(cardinalities), dropout)
        self.head = nn.Linear(d, 1)

    def forward(self, x):
        return self.head(self.deep(self.embed(x))).squeeze(1)


class DCN(nn.Module):
    """Parallel cross network (v2, full matrices) and MLP."""

    def __init__(self, cardinalities, embed_dim, hidden_dim, num_layers, num_cross_layers, dropout):
        super().__init__()
        width = embed_dim * len(cardinalities)
        self.embed = Embedder(cardinalities, embed_dim)
        self.cross = nn.ModuleList([nn.Linear(width, width) for _ in range(num_cross_layers)])
        self.deep, d = mlp(hidden_dim, num_layers, width, dropout)
        self.head = nn.Linear(width + d, 1)

    def forward(self, x):
        x0 = self.embed(x)
        xl = x0
        for layer in self.cross:
            xl = x0 * layer(xl) + xl
        return self.head(torch.cat([xl, self.deep(x0)], dim=1)).squeeze(1)
