"""A gradient that is checked by hand in a step agrees with its difference, and with what gradcheck finds."""

import numpy as np
import pytest

from tests.training.small_runs import HARD, SMALL, losses, new_trainer, same
from tfviz.core.gradient_check import TOLERANCE, check_model
from tfviz.core.operations import LayerNorm
from tfviz.core.parameters import Parameters
from tfviz.core.transformer import Transformer
from tfviz.training.config import RunConfig
from tfviz.training.stepping.hand_check import NARROW_STEPS
from tfviz.training.stepping.stepper import Stepper

SMOOTH = SMALL.with_values({"model.activation": "gelu", "training.label_smoothing": 0.1})
NAMES = [
    "source_embedding.weight", "transformer.encoder.layers.0.norm1.weight", "generator.bias",
    "transformer.decoder.layers.0.multihead_attn.in_proj_weight",
]  # fmt: skip


def stepper_after(config: RunConfig, steps: int = 3) -> Stepper:
    trainer = new_trainer(config)
    losses(trainer, steps)
    trainer.models.close()
    return Stepper.following(trainer)


@pytest.mark.parametrize("shards", [1, 2])
@pytest.mark.parametrize("name", NAMES)
def test_the_worst_cell_is_the_one_that_gradcheck_finds(name: str, shards: int) -> None:
    stepper = stepper_after(SMOOTH.with_values({"training.shards": shards}))
    batch = stepper.batch
    point = Parameters(stepper.model.config, np.float64)
    point.load({name: array.value for name, array in stepper.parameters.items()})
    model = Transformer(stepper.model.config, *batch.shape, 0.1, np.float64, parameters=point, shards=shards)
    (expected,) = check_model(model, (batch.source, batch.target_in, batch.target_out), [name])
    cells = list(stepper.check_layer(name, 10_000))
    worst = max(cells, key=lambda cell: cell.error)
    assert len(cells) == expected.entries
    assert (worst.index, worst.error) == (expected.worst_index, expected.worst_error)
    assert (worst.analytic, worst.numeric) == (expected.analytic, expected.numeric)
    assert expected.passed()
    assert stepper.check(name, worst.index) == worst


@pytest.mark.parametrize(
    "config", [HARD, HARD.with_values({"training.shards": 2})], ids=["one shard", "two shards"]
)
def test_the_gradient_with_dropout_is_checked_under_the_masks_of_the_step(config: RunConfig) -> None:
    stepper = stepper_after(config)
    stepper.run_to_gradients()
    for name in NAMES:
        cells = list(stepper.check_layer(name, 15))
        assert sum(cell.smooth for cell in cells) >= 0.8 * len(cells)
        for cell in cells:
            shown = stepper.gradient(name)
            assert shown is not None
            assert cell.error <= TOLERANCE or not cell.smooth, cell
            assert shown[cell.index] == pytest.approx(cell.analytic, rel=1e-3, abs=1e-6)


def test_a_sample_of_a_layer_is_the_seeds_and_stays_in_the_layer() -> None:
    stepper = stepper_after(SMOOTH)
    prefix = "transformer.encoder.layers.0."
    first, again, other = (list(stepper.check_layer(prefix, 12, seed)) for seed in (1, 1, 2))
    assert first == again and [cell.index for cell in first] != [cell.index for cell in other]
    assert len({(cell.name, cell.index) for cell in first}) == 12
    assert all(cell.name.startswith(prefix) and cell.error <= TOLERANCE for cell in first)


def test_checking_disturbs_neither_the_step_nor_its_tensors() -> None:
    stepper, other = stepper_after(HARD), stepper_after(HARD)
    stepper.forward(30)
    before = stepper.state()
    stepper.check("generator.weight", (1, 2))
    assert stepper.position == 30 and same(stepper.state(), before)
    for each in (stepper, other):
        each.run_to_update()
    assert same(stepper.state(), other.state())


def test_after_the_update_the_gradient_is_still_checked_where_the_step_began() -> None:
    stepper, other = stepper_after(SMOOTH), stepper_after(SMOOTH)
    stepper.run_to_update()
    assert stepper.check("generator.weight", (1, 2)) == other.check("generator.weight", (1, 2))


def test_a_wrong_backward_pass_does_not_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    right = LayerNorm.backward

    def wrong(self: LayerNorm) -> None:
        right(self)
        self.gain.gradient[...] *= 1.01

    monkeypatch.setattr(LayerNorm, "backward", wrong)
    cell = stepper_after(SMOOTH).check("transformer.encoder.layers.0.norm1.weight", (3,))
    assert cell.error == pytest.approx(0.01, rel=0.05)


def test_cells_and_layers_that_do_not_exist_are_errors() -> None:
    stepper = stepper_after(SMOOTH)
    with pytest.raises(KeyError):
        stepper.check("nobody", (0,))
    for index in ((0,), (0, 99), (-1, 0)):
        with pytest.raises(IndexError, match=r"generator\.weight has shape"):
            stepper.check("generator.weight", index)
    with pytest.raises(ValueError, match="no parameter's name begins with 'nobody'"):
        stepper.check_layer("nobody", 3)


def test_where_the_loss_is_much_bent_a_narrower_difference_is_taken() -> None:
    """The widest one alone would say that a right gradient is wrong."""
    bent = SMALL.with_values(
        {
            "model.norm_first": True,
            "model.activation": "gelu",
            "model.num_encoder_layers": 2,
            "model.num_decoder_layers": 2,
            "model.dropout": 0.3,
            "model.tied_embeddings": True,
            "model.layer_norm": False,
            "model.scaled_scores": False,
            "training.seed": 85,
        }
    )
    name, found = "transformer.encoder.layers.1.self_attn.in_proj_weight", []
    for optimizer in ("sgd", "adam"):
        stepper = stepper_after(bent.replace("training.optimizer", optimizer), 2)
        check = stepper._hand_check
        for cell in stepper.check_layer(name, 40):
            assert cell.error <= TOLERANCE, cell
            wide = check._compared(name, cell.index, NARROW_STEPS)
            found.append(wide.smooth and wide.error > TOLERANCE)
    assert any(found)
