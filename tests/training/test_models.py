"""Models by shape: built once, forgotten when unused, all seeing one set of parameters."""

from dataclasses import replace

import numpy as np
import pytest

from tests.training.small_runs import HARD
from tfviz.core.parameters import Parameters
from tfviz.core.transformer import Transformer
from tfviz.training.model import models
from tfviz.training.model.models import KEPT, ModelCache, default_shards

CONFIG = HARD.model.model_config(9, 9)
SOURCE = np.array([[1, 4, 5, 6, 2], [1, 7, 2, 0, 0], [1, 8, 8, 2, 0]])
TARGET_IN = np.array([[1, 4, 5, 6], [1, 7, 0, 0], [1, 8, 8, 0]])
TARGET_OUT = np.array([[4, 5, 6, 2], [7, 2, 0, 0], [8, 8, 2, 0]])


def new_cache(shards: int = 1, label_smoothing: float = 0.0) -> ModelCache:
    return ModelCache(CONFIG, Parameters(CONFIG, np.float64, seed=3), 3, label_smoothing, shards)


def loss_of(model: Transformer, step: int = 1) -> float:
    model.set_step(step)
    return model.forward(SOURCE, TARGET_IN, TARGET_OUT)


def test_a_shape_is_built_once_and_models_of_all_shapes_share_the_parameters() -> None:
    cache = new_cache()
    model = cache.training(3, 5, 4)
    assert cache.training(3, 5, 4) is model
    other, evaluation = cache.training(3, 5, 3), cache.evaluation(3, 5, 4)
    assert len({id(each) for each in (model, other, evaluation)}) == 3
    cache.parameters.flat[...] = 7.0
    for each in (model, other, evaluation):
        assert (each.parameters["generator.weight"].value == 7.0).all()


def test_models_of_different_shapes_have_gradients_of_their_own() -> None:
    cache = new_cache()
    model = cache.training(3, 5, 4)
    loss_of(model)
    model.backward()
    before = model.gradients.copy()
    other = cache.training(2, 5, 4)
    other.forward(SOURCE[:2], TARGET_IN[:2], TARGET_OUT[:2])
    other.backward()
    assert np.array_equal(model.gradients, before) and not np.array_equal(other.gradients, before)


def test_only_training_drops_and_smooths_labels() -> None:
    cache, smoothed = new_cache(), new_cache(label_smoothing=0.3)
    training, evaluation = cache.training(3, 5, 4), cache.evaluation(3, 5, 4)
    assert loss_of(training, 1) != loss_of(training, 2) != loss_of(evaluation)
    assert loss_of(evaluation, 1) == loss_of(evaluation, 2) == loss_of(smoothed.evaluation(3, 5, 4))
    assert loss_of(training) != loss_of(smoothed.training(3, 5, 4))


def test_the_shape_that_was_not_used_for_longest_is_forgotten() -> None:
    cache = new_cache()
    first = cache.training(1, 3, 3)
    others = [cache.training(1, 3, length) for length in range(4, 3 + KEPT)]
    assert cache.training(1, 3, 3) is first  # used again, so the second one goes next
    cache.training(1, 3, 100)
    assert cache.training(1, 3, 3) is first
    assert cache.training(1, 3, 5) is others[1]
    assert cache.training(1, 3, 4) is not others[0]


def test_a_model_that_was_forgotten_and_built_again_gives_the_same_bits() -> None:
    cache = new_cache()

    def bits() -> tuple[float, bytes]:
        model = cache.training(3, 5, 4)
        loss = loss_of(model, 9)
        model.backward()
        return loss, model.gradients.tobytes()

    first, model = bits(), cache.training(3, 5, 4)
    for length in range(5, 5 + KEPT):
        cache.training(3, 5, length)
    assert bits() == first and cache.training(3, 5, 4) is not model


def test_another_dropout_rate_or_seed_draws_other_masks() -> None:
    cache = new_cache()
    first = loss_of(cache.training(3, 5, 4))
    cache.reconfigure(CONFIG, 4)
    other_seed = loss_of(cache.training(3, 5, 4))
    cache.reconfigure(replace(CONFIG, dropout=0.5), 3)
    other_rate = loss_of(cache.training(3, 5, 4))
    cache.reconfigure(replace(CONFIG, dropout=0.0), 3)
    assert loss_of(cache.training(3, 5, 4)) == loss_of(cache.evaluation(3, 5, 4))
    cache.reconfigure(CONFIG, 3)
    assert loss_of(cache.training(3, 5, 4)) == first
    assert len({first, other_seed, other_rate}) == 3


def test_a_batch_is_cut_for_training_only() -> None:
    cache = new_cache(shards=2)
    assert len(cache.training(3, 5, 4).parts) == 2
    assert len(cache.training(1, 5, 4).parts) == 1
    assert len(cache.evaluation(3, 5, 4).parts) == 1
    cache.close()


def test_a_closed_cache_has_no_threads_and_gives_the_same_bits() -> None:
    cache = new_cache(shards=2)
    loss = loss_of(cache.training(3, 5, 4))
    cache.close()
    cache.close()
    assert loss_of(cache.training(3, 5, 4)) == loss  # in this thread, now


@pytest.mark.parametrize(
    ("parameters", "batch", "length", "shards"),
    [
        (300_000_000, 2, 1, 2),
        (300_000_000, 1, 100, 1),
        (1, 16, 12, 1),
        (34_000, 16, 12, 1),  # tiny
        (246_000, 32, 16, 1),  # small
        (1_438_000, 32, 32, 2),  # medium
    ],
)
def test_the_split_follows_from_sizes_alone(parameters: int, batch: int, length: int, shards: int) -> None:
    assert default_shards(parameters, batch, length) == shards
    threshold = models.SHARE_FROM / (batch * length)
    assert default_shards(int(threshold) + 1, batch, length) == (2 if batch > 1 else 1)
    assert default_shards(int(threshold) - 1, batch, length) == 1
