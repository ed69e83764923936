"""The flow of a sentence: root mean squares as its tensors have them, shares that sum to 1, training undisturbed."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.training.small_runs import HARD, SMALL, new_trainer, same, with_branches
from tfviz.core.config import ModelConfig
from tfviz.core.gradient_check import random_parameters
from tfviz.core.transformer import Transformer
from tfviz.training.config import RunConfig
from tfviz.training.mailbox import WHOLE, Demand
from tfviz.training.model.inference import Reader
from tfviz.training.model.models import ModelCache
from tfviz.training.record.followed import FollowedRun
from tfviz.training.session import Session
from tfviz.training.stepping.flow import Flow, FlowMeter

SOURCE, TARGET = [1, 4, 6, 5, 3, 2], [1, 5, 4, 7, 2]


def config_of(norm_first: bool, layers: int = 2) -> ModelConfig:
    return ModelConfig(
        9, 8, d_model=8, nhead=2, num_encoder_layers=layers, num_decoder_layers=layers, dim_feedforward=12,
        dropout=0.3, norm_first=norm_first,
    )  # fmt: skip


def cache(config: ModelConfig, smoothing: float = 0.1) -> ModelCache:
    """At a random point, gains and biases included, in float64."""
    return ModelCache(config, random_parameters(config), 3, smoothing)


def passed(models: ModelCache) -> Transformer:
    """A model of the same parameters in which nothing is dropped, after both passes of the sentence."""
    model = Transformer(
        replace(models.config, dropout=0.0), 1, len(SOURCE), len(TARGET) - 1, models.label_smoothing,
        np.float64, parameters=models.parameters,
    )  # fmt: skip
    model.forward(np.array([SOURCE]), np.array([TARGET[:-1]]), np.array([TARGET[1:]]))
    model.backward()
    return model


def root_mean_square(array: np.ndarray | None) -> float:
    assert array is not None
    return float(np.sqrt(np.mean(array.astype(np.float64) ** 2)))


@pytest.mark.parametrize("norm_first", [False, True])
@pytest.mark.parametrize("layers", [1, 3])
def test_strengths_are_the_root_mean_squares_of_a_models_tensors(norm_first: bool, layers: int) -> None:
    models = cache(config_of(norm_first, layers))
    flow, model = FlowMeter(models).measure(SOURCE, TARGET), passed(models)
    assert flow.loss == model.loss
    assert flow.activations.keys() == flow.gradients.keys()
    for name, strength in flow.activations.items():
        assert strength == pytest.approx(root_mean_square(model.tensors[name].value), rel=1e-12)
        assert flow.gradients[name] == pytest.approx(root_mean_square(model.tensors[name].grad), rel=1e-12)
    assert flow.activations.keys() == flow.chart.tensors


@pytest.mark.parametrize("norm_first", [False, True])
@pytest.mark.parametrize("layers", [1, 3])
def test_the_shares_at_every_junction_sum_to_the_whole(norm_first: bool, layers: int) -> None:
    flow = FlowMeter(cache(config_of(norm_first, layers))).measure(SOURCE, TARGET)
    chart = flow.chart
    sublayers = chart.sublayers
    expected = {name for sublayer in sublayers for name in (sublayer.fork, sublayer.join)}
    assert flow.shares.keys() == expected | ({chart.memory_fork} if layers > 1 else set())
    assert len(sublayers) == 5 * layers
    for shares in flow.shares.values():
        assert sum(shares) == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("norm_first", [False, True])
def test_a_share_is_the_part_of_the_sum_that_lies_in_its_direction(norm_first: bool) -> None:
    models = cache(config_of(norm_first))
    flow, model = FlowMeter(models).measure(SOURCE, TARGET), passed(models)

    def share(part: str, whole: str, of: str) -> float:
        a, g = (getattr(model.tensors[name], of).ravel() for name in (part, whole))
        return float(a @ g / (g @ g))

    for sublayer in flow.chart.sublayers:
        assert sublayer.skip and sublayer.join and sublayer.fork
        forward = [share(part, sublayer.total, "value") for part in (sublayer.skip, sublayer.block)]
        backward = [share(part, sublayer.stream, "grad") for part in (sublayer.skip, sublayer.branch)]
        assert flow.shares[sublayer.join] == pytest.approx(forward, abs=1e-9)
        assert flow.shares[sublayer.fork] == pytest.approx(backward, abs=1e-9)
    readers = [share(reader, "encoder.memory", "grad") for reader in flow.chart.readers]
    assert flow.shares["encoder.memory.fork"] == pytest.approx(readers, abs=1e-9)


def test_a_contribution_against_the_sum_has_a_negative_share() -> None:
    models = cache(config_of(norm_first=True))
    parameters = models.parameters
    parameters["transformer.encoder.layers.0.linear2.weight"][...] = 0
    parameters["transformer.encoder.layers.0.linear2.bias"][...] = 0
    bias = parameters["transformer.encoder.layers.0.self_attn.out_proj.bias"]
    parameters["transformer.encoder.layers.0.self_attn.out_proj.weight"][...] = 0
    stream = passed(models).tensors["encoder.input"].value.mean(axis=(0, 1))
    bias[...] = -0.5 * stream
    flow = FlowMeter(models).measure(SOURCE, TARGET)
    residual, branch = flow.shares["encoder.layers.0.residual1"]
    assert branch < 0 < 1 < residual
    assert flow.shares["encoder.layers.0.output"] == pytest.approx((1, 0), abs=1e-12)


def test_what_has_no_size_has_no_shares() -> None:
    models = cache(config_of(norm_first=False))
    models.parameters["generator.weight"][...] = 0
    flow = FlowMeter(models).measure(SOURCE, TARGET)
    assert flow.gradients["encoder.input"] == 0
    assert all(map(math.isnan, flow.shares["encoder.layers.0.fork1"]))
    assert flow.troubles("gradient").get("encoder.input") == "vanishing"
    assert "encoder.input" not in flow.troubles("value")


def test_no_gradient_is_too_small_to_be_told_from_zero() -> None:
    trainer = new_trainer()
    trainer.parameters["generator.weight"][...] *= 1e-30
    meter = FlowMeter(trainer.models)
    assert 0 < meter.measure(SOURCE, TARGET).gradients["encoder.input"] < 1e-28


def test_what_is_not_finite_stays_so_and_is_told_of() -> None:
    trainer = new_trainer()
    trainer.parameters["transformer.decoder.norm.weight"][0] = math.nan
    flow = FlowMeter(trainer.models).measure(SOURCE, TARGET)
    assert math.isnan(flow.activations["decoder.norm"]) and math.isfinite(flow.activations["encoder.memory"])
    assert flow.troubles("value").get("decoder.norm") == "not finite"
    assert "encoder.memory" not in flow.troubles("value")
    assert flow.troubles("gradient").get("source_embedding") == "not finite"
    assert math.isnan(flow.loss)


@pytest.mark.parametrize(
    ("strength", "trouble"),
    [
        (1.0, None),
        (0.0, "vanishing"),
        (0.9e-3, "vanishing"),
        (1.1e-3, None),
        (0.9e3, None),
        (1.1e3, "exploding"),
    ],
)
def test_a_gradient_is_judged_by_what_it_was_at_the_loss_end(strength: float, trouble: str | None) -> None:
    flow = FlowMeter(new_trainer().models).measure(SOURCE, TARGET)
    gradients = dict(flow.gradients) | {"decoder.norm": 2.0, "encoder.input": 2 * strength}
    made = replace(flow, gradients=gradients)
    assert made.troubles("gradient").get("encoder.input") == trouble


def test_the_same_sentence_is_measured_in_the_same_model() -> None:
    meter = FlowMeter(cache(config_of(norm_first=False)))
    first, again = meter.measure(SOURCE, TARGET), meter.measure(SOURCE, TARGET)
    assert first.chart is again.chart and first.gradients == again.gradients
    assert meter.measure(SOURCE[:-1], TARGET).chart is not first.chart


def test_a_head_that_is_switched_off_meanwhile_is_off() -> None:
    models = cache(config_of(norm_first=False))
    meter = FlowMeter(models)
    before = meter.measure(SOURCE, TARGET)
    models.reconfigure(replace(models.config, heads_off=("encoder.0.1",)), 3)
    assert meter.measure(SOURCE, TARGET).gradients != before.gradients


@pytest.mark.parametrize(
    ("changes", "junctions"),
    [
        ({"architecture": "encoder"}, 8),
        ({"architecture": "decoder"}, 8),
        ({"architecture": "decoder", "norm_first": True, "positions": "learned"}, 8),
        ({"residual": False}, 1),
        ({"residual": False, "norm_first": True}, 1),
        ({"layer_norm": False}, 21),
        ({"layer_norm": False, "residual": False, "positions": "none"}, 1),
        ({"tied_embeddings": True, "positions": "learned", "norm_first": True}, 21),
    ],
)
def test_models_of_other_shapes_have_their_flow_too(changes: dict[str, Any], junctions: int) -> None:
    models = cache(replace(config_of(norm_first=False), **changes))
    target = TARGET if changes.get("architecture") != "encoder" else [1, 5, 4, 7, 3, 2]
    flow = FlowMeter(models).measure(SOURCE, target)
    assert flow.activations.keys() == flow.chart.tensors and len(flow.shares) == junctions
    for shares in flow.shares.values():
        assert sum(shares) == pytest.approx(1, abs=1e-9)
    stacks = [stack.name for stack in flow.chart.stacks]
    assert "-".join(stacks) == changes.get("architecture", "encoder-decoder")
    for stack in flow.chart.stacks:
        below = (stack.input, *(sublayer.output for sublayer in stack.sublayers))
        assert tuple(sublayer.stream for sublayer in stack.sublayers) == below[:-1]


def test_measuring_leaves_training_alone() -> None:
    looked_at, left_alone = new_trainer(HARD), new_trainer(HARD)
    reader = Reader(looked_at.models, looked_at.task)
    for _ in range(5):
        reader.read_flow(looked_at.task.probe())
        looked_at.train_batch(), left_alone.train_batch()
    assert same(looked_at.state(), left_alone.state())


def test_the_flow_is_that_of_the_parameters_of_now() -> None:
    trainer = new_trainer()
    reader = Reader(trainer.models, trainer.task)
    before = reader.read_flow(trainer.task.probe())
    trainer.train_batch()
    after = reader.read_flow(trainer.task.probe())
    assert before.loss != after.loss and before.gradients != after.gradients
    probe = trainer.task.probe()
    assert (after.sentence, after.target, after.origin) == probe


def test_a_snapshot_has_the_flow_only_where_it_is_asked_for() -> None:
    session = Session(SMALL)
    assert session.snapshot().flow is None
    shown = session.snapshot(Demand(flow=True))
    assert shown.flow is not None and shown.attention is None and shown.prediction is None


def numbers(flow: Flow | None) -> object:
    assert flow is not None
    return flow.loss, dict(flow.activations), dict(flow.gradients), dict(flow.shares)


def test_a_past_step_has_the_flow_that_it_had_then() -> None:
    with with_branches() as session:
        session.switch(0)
        recorded = numbers(session.snapshot(Demand(flow=True)).flow)
        step = session.step
        session.train(3)
        seen = session.view(step, demand=replace(WHOLE, flow=True))
        assert seen is not None and numbers(seen.flow) == recorded
        without = session.view(step)
        assert without is not None and without.flow is None


def test_a_typed_sentence_without_a_target_is_measured_against_the_models_own_answer() -> None:
    session = Session(RunConfig.preset("identity").with_values({"model.d_model": 8, "model.nhead": 2}))
    session.set_probe("how are you")
    session.probe = session.probe._replace(target="")
    flow = session.snapshot(Demand(flow=True)).flow
    assert flow is not None and math.isfinite(flow.loss)
    assert flow.target == session.predict("how are you")


def test_a_run_that_another_program_trained_shows_the_flow_of_its_steps(tmp_path: Path) -> None:
    path = tmp_path / "run.tfviz"
    with Session(SMALL) as session:
        session.record(path)
        session.train(5)
        at_five = numbers(session.snapshot(Demand(flow=True)).flow)
    run = FollowedRun(path)
    seen, without = run.view(5, demand=replace(WHOLE, flow=True)), run.view(5)
    run.close()
    assert seen is not None and seen.attention is not None and numbers(seen.flow) == at_five
    assert without is not None and without.flow is None


def depth_ratios(name: str) -> tuple[float, float]:
    """How much of the gradient at the loss end is left at the bottom of the decoder, at first and after training."""
    small = {"model.d_model": 16, "model.nhead": 2, "model.dim_feedforward": 16, "training.batch_size": 4}
    with Session(RunConfig.preset(name).with_values(small)) as session:
        ratios = []
        for _ in range(2):
            flow = session.snapshot(Demand(flow=True)).flow
            assert flow is not None
            ratios.append(flow.gradients["decoder.input"] / flow.gradients["decoder.norm"])
            session.train(40)
    return ratios[0], ratios[1]


def test_the_deep_presets_differ_in_what_reaches_the_bottom() -> None:
    post, pre = depth_ratios("deep_post_norm"), depth_ratios("deep_pre_norm")
    assert post[0] < pre[0]
    assert post[1] < 1e-2 * post[0], "with post-norm training makes the gradient vanish"
    assert pre[1] > 0.05


def test_the_deep_presets_differ_in_the_place_of_the_norm_alone() -> None:
    post, pre = RunConfig.preset("deep_post_norm"), RunConfig.preset("deep_pre_norm")
    assert not post.model.norm_first
    changed = {"model.norm_first": True, "name": pre.name, "description": pre.description}
    assert post.with_values(changed) == pre
