"""Which operation makes a tensor and which reads it, whatever of several names it is asked for by."""

import pytest

from tests.training.small_runs import SMALL, new_trainer
from tfviz.core.program import Program
from tfviz.training.stepping.step_operations import made_by, nearest_with_parameters, parameters_of, read_by
from tfviz.training.stepping.stepper import Stepper

ATTENTION, CROSS = "encoder.layers.0.self_attn", "decoder.layers.0.multihead_attn"


@pytest.fixture(scope="module")
def program() -> Program:
    trainer = new_trainer()
    trainer.models.close()
    return Stepper.following(trainer).model.program


@pytest.mark.parametrize(
    ("name", "maker", "reader"),
    [
        ("encoder.layers.0.linear1", "encoder.layers.0.linear1", "encoder.layers.0.activation"),
        (f"{ATTENTION}.query", f"{ATTENTION}.in_proj", f"{ATTENTION}.scores"),
        (f"{ATTENTION}.in_proj", f"{ATTENTION}.in_proj", f"{ATTENTION}.scores"),
        (f"{ATTENTION}.context", f"{ATTENTION}.context", f"{ATTENTION}.output"),
        (f"transformer.{CROSS}.in_proj_weight", None, f"{CROSS}.in_proj_query"),
        ("source", None, "source_mask"),
        ("loss", "loss", None),
    ],
)  # fmt: skip
def test_maker_and_reader_of(program: Program, name: str, maker: str | None, reader: str | None) -> None:
    made, read = made_by(program, name), read_by(program, name)
    assert (made and made.name, read and read.name) == (maker, reader)


def test_the_nearest_parameters_are_those_of_the_operation_or_of_one_before_it(program: Program) -> None:
    for name, operation, parameters in (
        ("logits", "logits", ["generator.weight", "generator.bias"]),
        (f"{ATTENTION}.weights", f"{ATTENTION}.in_proj",
         [f"transformer.{ATTENTION}.in_proj_weight", f"transformer.{ATTENTION}.in_proj_bias"]),
        ("encoder.input", "source_embedding", ["source_embedding.weight"]),
    ):  # fmt: skip
        (nearest,) = nearest_with_parameters(program, name)
        assert (nearest.name, parameters_of(nearest)) == (operation, parameters)
    assert nearest_with_parameters(program, "source_mask") == []


@pytest.mark.parametrize(
    "name", [f"{CROSS}.{role}" for role in ("scores", "weights", "context", "context.merged")]
)
def test_what_two_operations_lead_to_has_the_parameters_of_both(program: Program, name: str) -> None:
    nearest = nearest_with_parameters(program, name)
    assert {each.name for each in nearest} == {f"{CROSS}.in_proj_query", f"{CROSS}.in_proj_key_value"}


def test_the_nearest_parameters_are_those_of_one_layer() -> None:
    """Without norms, all layers before lead to a residual stream."""
    trainer = new_trainer(SMALL.with_values({"model.layer_norm": False, "model.num_encoder_layers": 3}))
    trainer.models.close()
    program, layer = Stepper.following(trainer).model.program, "encoder.layers.2"
    nearest = nearest_with_parameters(program, f"{layer}.residual2")
    assert {each.name for each in nearest} == {f"{layer}.linear2", f"{layer}.self_attn.output"}
