"""The optimisers, against their textbook form written out parameter by parameter."""

import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
import pytest

from tfviz.core.optimizers import OPTIMIZERS, PIECE, SHARED_PIECE, Optimizer, clip_scale, gradient_norm
from tfviz.core.parallel import Crew
from tfviz.core.tensor import Array

SIZE = 2 * SHARED_PIECE + 17
STEPS = 20


@dataclass
class Textbook:
    """One parameter and what an optimiser remembers of it, as torch.optim's documentation writes it."""

    value: Array
    memory: dict[str, Array] = field(default_factory=dict)

    def sgd(self, g: Array, t: int, rate: float, decay: float) -> None:
        self.value = self.value - rate * (g + decay * self.value)

    def momentum(self, g: Array, t: int, rate: float, decay: float, momentum: float) -> None:
        velocity = momentum * self.memory.get("velocity", 0.0) + g + decay * self.value
        self.memory["velocity"] = velocity
        self.value = self.value - rate * velocity

    def adam(
        self, g: Array, t: int, rate: float, decay: float, betas: tuple[float, float], eps: float
    ) -> None:
        self._adam(g + decay * self.value, t, rate, betas, eps)

    def adamw(
        self, g: Array, t: int, rate: float, decay: float, betas: tuple[float, float], eps: float
    ) -> None:
        self.value = self.value - rate * decay * self.value
        self._adam(g, t, rate, betas, eps)

    def _adam(self, g: Array, t: int, rate: float, betas: tuple[float, float], eps: float) -> None:
        first = betas[0] * self.memory.get("first", 0.0) + (1 - betas[0]) * g
        second = betas[1] * self.memory.get("second", 0.0) + (1 - betas[1]) * g**2
        self.memory |= {"first": first, "second": second}
        unbiased_first, unbiased_second = first / (1 - betas[0] ** t), second / (1 - betas[1] ** t)
        self.value = self.value - rate * unbiased_first / (np.sqrt(unbiased_second) + eps)


SETTINGS: dict[str, dict[str, Any]] = {
    "sgd": {},
    "momentum": {"momentum": 0.8},
    "adam": {"betas": (0.9, 0.98), "eps": 1e-3},
    "adamw": {"betas": (0.7, 0.95), "eps": 1e-3},
}


@cache
def gradients_of(step: int, size: int = SIZE) -> Array:
    """Of very different sizes, as those of a model are."""
    generator = np.random.default_rng(step)
    gradients = generator.normal(size=size) * 10.0 ** generator.integers(-6, 2, size)
    gradients.flags.writeable = False
    return gradients


@pytest.mark.parametrize("decay", [0.0, 0.1])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_twenty_steps_are_those_of_the_textbook(name: str, decay: float) -> None:
    values = np.random.default_rng(99).normal(size=SIZE)
    textbook = Textbook(values.copy())
    step_by_the_book: Callable[..., None] = getattr(textbook, name)
    optimizer = OPTIMIZERS[name](values, weight_decay=decay, **SETTINGS[name])
    for step in range(1, STEPS + 1):
        rate, scale, gradients = 0.01 / step, 1.0 if step % 2 else 0.25, gradients_of(step)
        optimizer.update(gradients, rate, scale)
        step_by_the_book(gradients * scale, step, rate, decay, **SETTINGS[name])
    assert optimizer.updates == STEPS
    np.testing.assert_allclose(values, textbook.value, rtol=1e-12, atol=1e-14)


def make(name: str, values: Array) -> Optimizer:
    return OPTIMIZERS[name](values, weight_decay=0.01, **SETTINGS[name])


def move(optimizer: Optimizer, steps: range) -> None:
    for step in steps:
        optimizer.update(gradients_of(step, optimizer.values.size), 0.01)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_crew_makes_the_very_same_update(name: str) -> None:
    size = 3 * PIECE + 5
    values = np.random.default_rng(0).normal(size=size)
    alone, together = make(name, values.copy()), make(name, values.copy())
    with Crew(2) as crew:
        for step in range(1, 4):
            for optimizer, threads in ((alone, None), (together, crew)):
                optimizer.update(gradients_of(step, size), 0.01, 0.5, threads)
    assert np.array_equal(together.values, alone.values) and not np.array_equal(alone.values, values)
    assert all(np.array_equal(together.moments[key], moment) for key, moment in alone.moments.items())


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_restored_optimiser_goes_on_as_if_nothing_had_happened(name: str) -> None:
    values = np.random.default_rng(0).normal(size=100)
    optimizer = make(name, values)
    move(optimizer, range(5))
    state, values_then = optimizer.state(), values.copy()
    move(optimizer, range(5, 9))

    elsewhere = make(name, values_then)
    elsewhere.restore(state)
    move(elsewhere, range(5, 9))
    assert np.array_equal(values_then, values)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_state_is_a_copy(name: str) -> None:
    optimizer = make(name, np.ones(10))
    move(optimizer, range(2))
    state = optimizer.state()
    kept = {key: array.copy() for key, array in state.items()}
    move(optimizer, range(2, 4))
    assert all(np.array_equal(state[key], kept[key]) for key in kept)
    assert int(state["updates"]) == 2


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_state_of_a_model_of_another_size_is_refused_and_changes_nothing(name: str) -> None:
    optimizer, larger = make(name, np.ones(10)), make(name, np.ones(11))
    move(larger, range(3))
    if optimizer.moments:
        with pytest.raises(ValueError):
            optimizer.restore(larger.state())
        assert optimizer.updates == 0 and not any(moment.any() for moment in optimizer.moments.values())


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_update_keeps_float32_and_allocates_next_to_nothing(name: str) -> None:
    values = np.random.default_rng(0).normal(size=SIZE).astype(np.float32)
    optimizer, gradients = make(name, values), gradients_of(1).astype(np.float32)
    optimizer.update(gradients, 0.01)
    tracemalloc.start()
    try:
        optimizer.update(gradients, 0.01)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 16 * 1024
    assert optimizer.values is values and values.dtype == np.float32
    assert all(moment.dtype == np.float32 for moment in optimizer.moments.values())


def test_a_zero_gradient_without_decay_moves_nothing() -> None:
    for name in OPTIMIZERS:
        values = np.ones(10)
        OPTIMIZERS[name](values).update(np.zeros(10), 0.1)
        assert (values == 1.0).all(), name


def test_the_first_step_of_adam_is_the_learning_rate_for_every_size_of_gradient() -> None:
    values = np.zeros(5)
    OPTIMIZERS["adam"](values).update(np.array([1e-4, 1.0, 1e4, -1.0, -1e-4]), 0.1)
    assert values == pytest.approx(np.array([-0.1, -0.1, -0.1, 0.1, 0.1]), rel=1e-3)


def test_the_norm_of_the_gradient_is_its_length() -> None:
    gradients = gradients_of(0)
    assert gradient_norm(gradients) == pytest.approx(float(np.linalg.norm(gradients)), rel=1e-12)
    assert not np.isfinite(gradient_norm(np.array([1.0, np.nan])))
    assert gradient_norm(np.array([1.0, -np.inf])) == np.inf


@pytest.mark.parametrize(
    ("norm", "limit", "scale"),
    [(4.0, 1.0, 0.25), (0.5, 1.0, 1.0), (4.0, 0.0, 1.0), (0.0, 1.0, 1.0), (4.0, 3.0, 0.75)],
)
def test_clipping_shortens_a_longer_gradient_to_the_limit(norm: float, limit: float, scale: float) -> None:
    assert clip_scale(norm, limit) == pytest.approx(scale, rel=1e-6)
