"""Several sets of tables, each with an interaction of its own (2310.04400), which say the mean of their logits together."""

from typing import TYPE_CHECKING

from ranker.setting import number

if TYPE_CHECKING:
    from torch import nn

    from ranker.config import Config
    from ranker.data import Data

SETTINGS = {"multi_embedding": number(1, 1, 16, (1, 4))}


def attach(config: "Config", network: "nn.Module", data: "Data") -> None:
    """Give each member ``multi_embedding - 1`` further sets; the first keeps the weights that it would have alone."""
    from torch import nn

    from ranker.layers.gate import gate
    from ranker.layers.inputs import Inputs
    from ranker.layers.sets import ManyInputs, ManyModels
    from ranker.models import model_of

    for member in network.members:
        inputs, models, fields = [member.inputs], [nn.Sequential(member.gate, member.model)], member.fields
        for _ in range(config.multi_embedding - 1):
            inputs.append(Inputs(config, data.sizes, len(data.numeric), config.embedding_dim, data.item))
            models.append(nn.Sequential(gate(config.gating, fields, config.embedding_dim), model_of(config, fields)))
        member.inputs, member.gate, member.model = ManyInputs(inputs), nn.Identity(), ManyModels(models, fields)
        member.fields = fields * len(inputs)
