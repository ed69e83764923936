"""The list of operations: names, order, observers, and what a pass allocates."""

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from tfviz.core import blocks
from tfviz.core.config import ModelConfig
from tfviz.core.gradient_check import random_batch
from tfviz.core.operation import Operation
from tfviz.core.program import in_turn
from tfviz.core.transformer import Transformer

from .small_model import BATCH, CONFIG, small_model

SHARDS = pytest.mark.parametrize("shards", [1, 2])


def test_names_of_tensors_are_unique() -> None:
    program = small_model().program
    with pytest.raises(ValueError, match=r"logits"):
        program.tensor(program.tensors["logits"])
    assert [tensor.name for tensor in program.tensors.values()] == list(program.tensors)


@SHARDS
def test_an_observer_sees_every_operation_once_in_order_and_changes_nothing(shards: int) -> None:
    model, plain = small_model(shards=shards), small_model(shards=shards)
    seen: list[tuple[Operation, str]] = []
    loss = model.forward(*BATCH, observer=lambda operation, phase: seen.append((operation, phase)))
    model.backward(observer=lambda operation, phase: seen.append((operation, phase)))
    operations = model.program.operations
    assert seen == [(operation, "forward") for operation in operations] + [
        (operation, "backward") for operation in reversed(operations)
    ]
    assert plain.forward(*BATCH) == loss
    plain.backward()
    assert np.array_equal(plain.gradients, model.gradients)


@SHARDS
def test_a_model_that_recycles_its_memory_cannot_be_observed(shards: int) -> None:
    model = Transformer(CONFIG, 3, 5, 4, recycle=True, shards=shards)
    for passed in ({"observer": print}, {"lookout": print}):
        with pytest.raises(RuntimeError, match="cannot be observed"):
            model.forward(*BATCH, **passed)
        with pytest.raises(RuntimeError, match="cannot be observed"):
            model.backward(**passed)
    with pytest.raises(RuntimeError, match="cannot be observed"):
        model.forward_and_backward(*BATCH, lookout=print)


def test_operations_on_heads_do_one_piece_together_before_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "BLOCK", 1)  # one head
    operations = small_model().program.operations
    path = "encoder.layers.0.self_attn"
    of_heads = [f"{path}.scores", f"{path}.weights", f"{path}.context"]
    order = [operation.name for operation, _ in in_turn(operations)]
    first = order.index(of_heads[0])
    assert order[first - 1] == f"{path}.in_proj"
    assert order[first : first + 7] == [*of_heads, *of_heads, f"{path}.output"]
    back = [operation.name for operation, _ in in_turn(operations[::-1])]
    first = back.index(of_heads[-1])
    assert back[first : first + 6] == [*of_heads[::-1], *of_heads[::-1]]
    assert len({piece for _, piece in in_turn(operations)}) == len(order)


def test_an_observer_finds_what_its_operation_wrote() -> None:
    model = small_model()
    model.forward(*BATCH)
    final = {name: tensor.value.copy() for name, tensor in model.tensors.items()}

    def compare(operation: Operation, phase: str) -> None:
        for output in operation.outputs:
            assert np.array_equal(output.value, final[output.name]), operation

    model.forward(*BATCH, observer=compare)


def test_every_tensor_an_operation_reads_is_an_input_or_was_written_before() -> None:
    model = small_model(replace(CONFIG, dropout=0.1))
    written = [model.tensors[name].data for name in ("source", "target_in", "target_out")]
    for operation in model.program.operations:
        for tensor in operation.inputs:
            known = any(np.may_share_memory(tensor.data, data) for data in written)
            assert known or tensor.kind == "parameter", (operation, tensor)
        written += [tensor.data for tensor in operation.outputs]


@pytest.mark.parametrize(
    ("dropout", "activation", "shards"), [(0.0, "relu", 1), (0.1, "gelu", 1), (0.0, "relu", 2)]
)
def test_a_step_allocates_next_to_nothing(dropout: float, activation: str, shards: int) -> None:
    """Where every activation takes 128 KiB, a copy of any would show."""
    config = ModelConfig(
        64, 64, d_model=64, nhead=4, dim_feedforward=256, dropout=dropout, activation=activation
    )
    model, batch = Transformer(config, 32, 16, 16, 0.1, shards=shards), random_batch(config, 32, 16, 16)
    for _ in range(2):
        model.forward(*batch)
        model.backward()
    tracemalloc.start()
    try:
        model.forward(*batch)
        model.backward()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 32 * 1024


def test_the_decoder_alone_gives_the_logits_of_the_whole_model() -> None:
    source, target_in, target_out = BATCH
    model, fresh = small_model(gradients=False), small_model(gradients=False)
    model.forward(source, target_in, target_out)
    changed = target_in[:, ::-1].copy()
    changed[changed == 0] = 2
    model.parts[0].target_in.data[...] = changed
    model.program.forward_decoder()
    fresh.forward(source, changed, target_out)
    assert np.array_equal(model.tensors["logits"].value, fresh.tensors["logits"].value)
