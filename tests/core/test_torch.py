"""A model's parameters are a PyTorch model's: they load as they are, and PyTorch computes the same with them.

Runs where torch is installed: pip install torch==2.13.0 (nothing else in tfviz needs it).
"""

import math
from dataclasses import asdict

import numpy as np
import pytest

from tfviz.core.config import ModelConfig
from tfviz.core.gradient_check import random_batch, random_parameters
from tfviz.core.operations.embedding import sinusoids
from tfviz.core.transformer import Transformer

torch = pytest.importorskip("torch", reason="torch is not installed: pip install torch==2.13.0")

# torch says in the pre-norm case that its encoder will not take a short cut.
pytestmark = pytest.mark.filterwarnings("ignore:enable_nested_tensor is True")

SMOOTHING = 0.1
BATCH, SOURCE, TARGET = 4, 7, 6


class Reference(torch.nn.Module):
    """torch.nn.Transformer between two embeddings and a generator."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        sizes = asdict(config)
        source, target = sizes.pop("source_vocabulary"), sizes.pop("target_vocabulary")
        self.transformer = torch.nn.Transformer(**sizes, batch_first=True)
        self.source_embedding = torch.nn.Embedding(source, config.d_model)
        self.target_embedding = torch.nn.Embedding(target, config.d_model)
        self.generator = torch.nn.Linear(config.d_model, target)

    def forward(self, source: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        memory = self.transformer(
            embed(self.source_embedding, source),
            embed(self.target_embedding, target),
            tgt_mask=torch.ones(target.shape[1], target.shape[1], dtype=torch.bool).triu(1),
            src_key_padding_mask=source == 0,
            tgt_key_padding_mask=target == 0,
            memory_key_padding_mask=source == 0,
        )
        logits: torch.Tensor = self.generator(memory)
        return logits


def embed(embedding: torch.nn.Embedding, ids: torch.Tensor) -> torch.Tensor:
    positions = torch.from_numpy(sinusoids(ids.shape[1], embedding.embedding_dim))
    vectors: torch.Tensor = embedding(ids) * math.sqrt(embedding.embedding_dim)
    return vectors + positions.to(vectors.dtype)


def config_of(norm_first: bool, activation: str) -> ModelConfig:
    return ModelConfig(
        15, 12, d_model=24, nhead=3, num_encoder_layers=3, num_decoder_layers=2, dim_feedforward=20,
        activation=activation, layer_norm_eps=1e-3, norm_first=norm_first,
    )  # fmt: skip


def agrees(ours: np.ndarray, theirs: torch.Tensor, tolerance: float = 1e-9) -> bool:
    reference = theirs.detach().numpy()
    return bool(np.abs(ours - reference).max() <= max(tolerance * np.abs(reference).max(), 1e-12))


@pytest.mark.parametrize("activation", ["relu", "gelu"])
@pytest.mark.parametrize("norm_first", [False, True], ids=["post_norm", "pre_norm"])
def test_saved_parameters_load_into_torch_and_give_the_same_logits_loss_and_gradients(
    norm_first: bool, activation: str
) -> None:
    config = config_of(norm_first, activation)
    parameters = random_parameters(config)
    batch = random_batch(config, BATCH, SOURCE, TARGET)
    model = Transformer(config, BATCH, SOURCE, TARGET, SMOOTHING, np.float64, parameters=parameters)
    loss = model.forward(*batch)
    model.backward()

    reference = Reference(config).double()
    saved = {name: torch.from_numpy(value.copy()) for name, value in parameters.items()}
    reference.load_state_dict(saved, strict=True)
    source, target_in, target_out = map(torch.from_numpy, batch)
    logits = reference(source, target_in)
    expected = torch.nn.functional.cross_entropy(
        logits.flatten(0, 1), target_out.flatten(), ignore_index=0, label_smoothing=SMOOTHING
    )
    expected.backward()

    assert agrees(model.tensors["logits"].value, logits)
    assert loss == pytest.approx(expected.item(), rel=1e-9)
    for name, parameter in reference.named_parameters():
        ours = model.parameters[name].grad
        assert ours is not None and parameter.grad is not None
        assert agrees(ours, parameter.grad), name


def test_names_and_shapes_are_those_of_torch_in_every_dtype() -> None:
    config = config_of(False, "relu")
    state = Reference(config).state_dict()
    values = Transformer(config, 2, 3, 3).parameter_values
    assert {name: value.shape for name, value in values.items()} == {
        name: tuple(value.shape) for name, value in state.items()
    }
    assert all(value.dtype == np.float32 for value in values.values())


def test_a_torch_model_s_state_loads_here_and_gives_the_same_logits() -> None:
    config = config_of(True, "gelu")
    reference = Reference(config).double()
    model = Transformer(config, BATCH, SOURCE, TARGET, dtype=np.float64)
    model.parameter_values.load({name: value.numpy() for name, value in reference.state_dict().items()})
    batch = random_batch(config, BATCH, SOURCE, TARGET)
    model.forward(*batch)
    assert agrees(model.tensors["logits"].value, reference(*map(torch.from_numpy, batch[:2])))
