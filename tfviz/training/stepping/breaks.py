"""Stops training before an update that meets a condition. Where nobody set one it costs nothing.

Loss and norms are tested at every step. So is every number on the way, in a fraction of the step's time, where one that
is not finite is to stop training although it leaves no trace in them. The entropies of the heads need a forward pass of
their own, because a model that trains keeps no attention weights: one of the step's batch, up to the last attention and
with nothing dropped, at every tenth step. Update ratios need the update, which is tried and taken back.
"""

from dataclasses import replace

from tfviz.training.heads.head_entropies import head_entropies
from tfviz.training.record.history import History
from tfviz.training.stepping.break_conditions import (
    BreakCondition,
    EntropyBelow,
    Facts,
    Hit,
    NonFinite,
    UpdateRatioOutside,
    first_hit,
)
from tfviz.training.stepping.planned_update import PlannedUpdate
from tfviz.training.stepping.updates import tried_ratios
from tfviz.training.trainer import Trainer

ENTROPY_EVERY = 10
"""Steps from one look at the entropies to the next; each costs about a third of a step."""


class BreakError(Exception):
    """A condition has prevented an update; the state is that of before the step, to the last bit."""

    def __init__(self, hit: Hit) -> None:
        super().__init__(str(hit))
        self.hit = hit


class Breaks:
    """The conditions in force. A condition that stopped a step lets it pass when it is taken again."""

    def __init__(self) -> None:
        self.conditions: tuple[BreakCondition, ...] = ()
        """Any thread may replace them; a step uses those that it began with."""
        self._step = 0  # the one that was stopped last
        self._passed: tuple[BreakCondition, ...] = ()  # what it was stopped by

    @property
    def watch_numbers(self) -> bool:
        """Whether a condition asks for all numbers of the step."""
        return any(isinstance(condition, NonFinite) for condition in self.conditions)

    def forget(self) -> None:
        """The run goes elsewhere: nothing is to be passed over there."""
        self._passed = ()

    def test(self, trainer: Trainer, history: History, plan: PlannedUpdate) -> None:
        """BreakError where a condition is met. `history` may go on beyond the step."""
        passed = self._passed if plan.step == self._step else ()
        waiting = [condition for condition in self.conditions if condition not in passed]
        hit = self._first_hit(waiting, trainer, history, plan) if waiting else None
        if hit is not None:
            self._step, self._passed = plan.step, (*passed, hit.condition)
            raise BreakError(hit)

    def _first_hit(
        self, waiting: list[BreakCondition], trainer: Trainer, history: History, plan: PlannedUpdate
    ) -> Hit | None:
        """What is cheap to know is tested first."""
        sharp = [condition for condition in waiting if isinstance(condition, EntropyBelow)]
        sized = [condition for condition in waiting if isinstance(condition, UpdateRatioOutside)]
        cheap = [condition for condition in waiting if condition not in (*sharp, *sized)]
        facts = Facts(
            plan.step,
            plan.loss,
            history.so_far(plan.step - 1),
            plan.norm,
            dict(zip(trainer.groups, plan.group_norms, strict=True)),
            lambda: trainer.first_non_finite(plan.step, plan.batch),
            spoiled=plan.spoiled,
        )
        hit = first_hit(cheap, facts)
        if hit is None and sharp and plan.step % ENTROPY_EVERY == 0:
            hit = first_hit(sharp, replace(facts, entropies=_entropies(trainer, plan)))
        if hit is None and sized:
            hit = first_hit(sized, replace(facts, update_ratios=tried_ratios(trainer, plan)))
        return hit


def _entropies(trainer: Trainer, plan: PlannedUpdate) -> dict[str, float]:
    batch = plan.batch
    model = trainer.models.evaluation(*batch.shape)
    model.attend(batch.source, batch.target_in, batch.target_out)
    return head_entropies(model)
