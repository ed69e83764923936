"""Training, one batch a step: forward, backward, clip, update.

What a step does is a function of the configuration, the step and the state before it, never of the clock or of what was
looked at meanwhile: that is the ground on which going back in time stands.
"""

import math
import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tfviz.core.config import ModelConfig
from tfviz.core.optimizers import OPTIMIZERS, Adam, Momentum, Optimizer, clip_scale
from tfviz.core.parameters import Parameters
from tfviz.core.schedules import SCHEDULES, Schedule
from tfviz.core.transformer import Transformer
from tfviz.training.branching.edits import Edit
from tfviz.training.config import RunConfig
from tfviz.training.data.batches import Batch
from tfviz.training.frozen import Frozen
from tfviz.training.model.models import ModelCache, default_shards
from tfviz.training.record.history import GROUP_PREFIX, SCALARS, VALIDATION_SCALARS
from tfviz.training.stepping.non_finite import Lookout, NonFiniteError, first_non_finite
from tfviz.training.stepping.planned_update import BeforeUpdate, MadeUpdate, PlannedUpdate
from tfviz.training.tasks import Task
from tfviz.training.training_config import TrainingConfig

State = dict[str, np.ndarray]

OPTIMIZER_CLASSES = tuple(OPTIMIZERS.values())
"""In the order by which states name them."""


class Trainer:
    """The live parameters, their optimiser, and the step they are at."""

    def __init__(self, config: RunConfig, task: Task) -> None:
        self.config, self.task = config, task
        training = config.training
        model_config = self._model_config(config)
        self.parameters = Parameters(model_config, training.dtype, training.seed)
        self.groups = self.parameters.layout.groups
        self.shards = training.shards or default_shards(
            self.parameters.layout.count, training.batch_size, task.source_width
        )
        self.models = ModelCache(
            model_config, self.parameters, training.seed, training.label_smoothing, self.shards
        )
        self.total_steps = training.total_steps(task.steps_per_epoch)
        self.optimizer = create_optimizer(training, self.parameters)
        self.frozen = self._frozen()
        self.schedule = self._schedule(config)
        self.step = 0
        self.edits = 0
        """How many of the edits that a branch has at this step are made."""
        self.scalar_names = (*SCALARS, *(GROUP_PREFIX + group for group in self.groups))
        self.watches_updates = False
        """Whether a step keeps what its update is measured by: a copy of the parameters."""
        self.last_update: MadeUpdate | None = None
        """The update that led here, if it was watched."""
        self._before: np.ndarray | None = None

    def train_batch(
        self, before_update: BeforeUpdate | None = None, watch_numbers: bool = False
    ) -> list[float]:
        """One step; returns its scalars in the order of `scalar_names`, NaN for those of validation.

        NonFiniteError, and the state as before, where the loss or the gradient is NaN or infinite; the same with what
        `before_update` raises, which is told with `watch_numbers` whether any number on the way was NaN or infinite.
        """
        started = time.perf_counter()
        step = self.step + 1
        batch = self.batch(step)
        model_for = self.models.observed_training if watch_numbers else self.models.training
        model = model_for(*batch.shape)
        model.set_step(step)
        lookout = Lookout() if watch_numbers else None
        with np.errstate(all="ignore"):  # what is not finite is found below, and named
            loss = model.forward_and_backward(batch.source, batch.target_in, batch.target_out, lookout)
            group_norms = self.group_norms(model.gradients)
            norm = math.hypot(*group_norms)
        if not (math.isfinite(loss) and math.isfinite(norm)):
            raise NonFiniteError(step, loss, norm, self.first_non_finite(step, batch))
        tokens, sequences = accuracies(model, batch)
        learning_rate, scale = self.schedule(step), clip_scale(norm, self.config.training.clip_norm)
        spoiled = lookout is not None and lookout.found
        plan = PlannedUpdate(step, loss, norm, group_norms, learning_rate, scale, model, batch, spoiled)
        if before_update is not None:
            before_update(plan)
        self.last_update = self._watch(plan) if self.watches_updates else None
        self.update(model.gradients, learning_rate, scale)
        self.step, self.edits = step, 0
        elapsed = time.perf_counter() - started
        return [
            loss,
            tokens,
            sequences,
            learning_rate,
            norm,
            elapsed,
            *(math.nan for _ in VALIDATION_SCALARS),
            *group_norms,
        ]

    def first_non_finite(self, step: int, batch: Batch) -> str:
        """Which operation made the first number that is not finite where this step is computed."""
        model = self.models.observed_training(*batch.shape)
        model.set_step(step)
        return first_non_finite(model, batch)

    def _watch(self, plan: PlannedUpdate) -> MadeUpdate:
        """What the update is measured by, once it is made."""
        if self._before is None:
            self._before = np.empty_like(self.parameters.flat)
        np.copyto(self._before, self.parameters.flat)
        return MadeUpdate(plan.learning_rate, plan.scale, plan.group_norms, self._before)

    def model(self) -> Parameters:
        """A copy of the parameters, with the model's configuration as it is now."""
        copied = Parameters(self.models.config, self.parameters.flat.dtype)
        copied.flat[...] = self.parameters.flat
        return copied

    def batch(self, step: int) -> Batch:
        """What a step is trained on."""
        batch = self.task.batch(step, self.config.training.seed)
        if self.config.training.label_shift:
            batch = replace(batch, target_out=batch.target_in)
        return batch

    def update(self, gradients: np.ndarray, learning_rate: float, scale: float) -> None:
        """Let the optimiser that the configuration names move what is not frozen."""
        self.begin_optimizer()
        kept = self.frozen.numbers() if self.frozen else None
        self.optimizer.update(gradients, learning_rate, scale, self.models.crew)
        if self.frozen and kept is not None:
            self.frozen.put_back(kept)

    def begin_optimizer(self) -> None:
        """Start the optimiser that the configuration names, with moments and updates at 0, unless it is at work."""
        if type(self.optimizer) is not OPTIMIZERS[self.config.training.optimizer]:
            self._use_optimizer(self.config.training.optimizer)

    def edit(self, edits: Sequence[Edit]) -> None:
        """Make those of the edits of this step that are not made yet. ValueError for one that cannot be."""
        if self.last_update is not None and self.last_update.after is None and len(edits) > self.edits:
            self.last_update = replace(self.last_update, after=self.parameters.flat.copy())
        for edit in edits[self.edits :]:
            edit.apply(self.parameters)
            self.edits += 1

    def reconfigure(self, config: RunConfig) -> None:
        """Train on with another configuration of the same task and parameters; no state is lost."""
        if config == self.config:
            return
        old, new = self.config, config.training
        self.schedule = self._schedule(config)
        self.config = config
        self.optimizer.weight_decay = new.weight_decay
        match self.optimizer:
            case Momentum():
                self.optimizer.momentum = new.momentum
            case Adam():
                self.optimizer.betas, self.optimizer.eps = new.betas, new.eps
        if old.training.frozen != new.frozen:
            self.frozen = self._frozen()
        if (old.model, old.training.seed) != (config.model, new.seed):
            self.models.reconfigure(self._model_config(config), new.seed)

    def validate(self, size: int = 64) -> tuple[float, float, float]:
        """Loss, token and sequence accuracy, teacher-forced, over all held-out pairs; NaN where there are none."""
        loss = correct_tokens = correct_sequences = tokens = sequences = 0.0
        for batch in self.task.validation_batches(size):
            model = self.models.evaluation(*batch.shape)
            with np.errstate(all="ignore"):
                mean = model.forward(batch.source, batch.target_in, batch.target_out)
            count = np.count_nonzero(batch.target_out)
            token_accuracy, sequence_accuracy = accuracies(model, batch)
            loss, correct_tokens = loss + mean * count, correct_tokens + token_accuracy * count
            correct_sequences += sequence_accuracy * len(batch)
            tokens, sequences = tokens + count, sequences + len(batch)
        if not sequences:
            return math.nan, math.nan, math.nan
        return loss / tokens, correct_tokens / tokens, correct_sequences / sequences

    def state(self) -> State:
        """Copies of all that the next step depends on."""
        return {
            "parameters": self.parameters.flat.copy(),
            "step": np.array(self.step),
            "optimizer": np.array(OPTIMIZER_CLASSES.index(type(self.optimizer))),
            "edits": np.array(self.edits),
        } | self.optimizer.state()

    def restore(self, state: State) -> None:
        """Go back to a state(). One of an earlier version does not say which optimiser it had, or what was edited."""
        kind = OPTIMIZER_CLASSES[int(state["optimizer"])] if "optimizer" in state else type(self.optimizer)
        if kind is not type(self.optimizer):
            self._use_optimizer(next(name for name, cls in OPTIMIZERS.items() if cls is kind))
        self.edits = int(state.get("edits", 0))
        self.parameters.flat[...] = state["parameters"]
        self.optimizer.restore(state)
        self.step = int(state["step"])
        self.last_update = None

    def _model_config(self, config: RunConfig) -> ModelConfig:
        return config.model.for_tokens(self.task.source_tokenizer.tokens, self.task.target_tokenizer.tokens)

    def _use_optimizer(self, name: str) -> None:
        """Begin anew with an optimiser of this name."""
        self.optimizer = create_optimizer(replace(self.config.training, optimizer=name), self.parameters)
        self.frozen = self._frozen()

    def _frozen(self) -> Frozen | None:
        names = self.config.training.frozen
        vectors = (self.parameters.flat, *self.optimizer.moments.values())
        return Frozen(self.parameters.layout, names, vectors) if names else None

    def _schedule(self, config: RunConfig) -> Schedule:
        training = config.training
        make = SCHEDULES[training.schedule]
        return make(training.learning_rate, training.warmup_steps, self.total_steps)

    def group_norms(self, gradients: np.ndarray) -> list[float]:
        """The Euclidean length of the gradient of each of `groups`, whose flat vector is given."""
        return [
            math.sqrt(np.dot(piece, piece)) for piece in (gradients[rows] for rows in self.groups.values())
        ]


def create_optimizer(config: TrainingConfig, parameters: Parameters) -> Optimizer:
    """The optimiser that the configuration names, with what it needs of it."""
    options: dict[str, object] = {"weight_decay": config.weight_decay}
    if config.optimizer == "momentum":
        options |= {"momentum": config.momentum}
    if config.optimizer in ("adam", "adamw"):
        options |= {"betas": config.betas, "eps": config.eps}
    return OPTIMIZERS[config.optimizer](parameters.flat, **options)  # type: ignore[arg-type]


def accuracies(model: Transformer, batch: Batch) -> tuple[float, float]:
    """Share of the target's tokens, and of whole sequences, that the last forward pass puts first."""
    correct = model.correct().sum(axis=1)
    lengths = np.count_nonzero(batch.target_out, axis=1)
    return float(correct.sum() / max(1, lengths.sum())), float((correct == lengths).mean())
