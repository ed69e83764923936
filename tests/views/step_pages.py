"""What the tests of the pages of a step share: a small step, and a page whose wishes are granted at once."""

from PySide6.QtWidgets import QLabel

from tests.training.small_runs import HARD, losses, new_trainer
from tfviz.training.config import RunConfig
from tfviz.training.stepping.stepper import Stepper
from tfviz.views.inspector.step_page import StepPage
from tfviz.views.operations.step_debugger import Chosen


def stepper_after(config: RunConfig = HARD, steps: int = 3) -> Stepper:
    trainer = new_trainer(config)
    losses(trainer, steps)
    trainer.models.close()
    return Stepper.following(trainer)


def plain(label: QLabel) -> str:
    """Its text without the places where a line may end."""
    return label.text().replace("\N{ZERO WIDTH SPACE}", "")


class Granting:
    """Does a page's work, unless `held`, and lets it look at what it wishes. `wished` are these wishes."""

    def __init__(self, page: StepPage, stepper: Stepper | None) -> None:
        self.page, self.stepper = page, stepper
        self.wished: list[Chosen] = []
        self.held = False
        self.waiting: list[tuple] = []
        page.work_wished.connect(self._work)
        page.tensor_wished.connect(self._choose)
        page.show_stepper(stepper)

    def look_at(self, tensor: str, of: str = "value", index: tuple[int, ...] | None = None) -> None:
        self.page.show_chosen(Chosen(tensor, of, index))

    def rest(self) -> None:
        """The stepper has moved, and rests."""
        self.page.show_stepper(self.stepper)

    def release(self) -> None:
        """Do what is waiting, and what that asks for, one after another."""
        waiting, self.waiting = self.waiting, []
        for work, done in waiting:
            done(work(self.stepper))

    def _work(self, work, done) -> None:
        if self.held:
            self.waiting.append((work, done))
        else:
            done(work(self.stepper))

    def _choose(self, chosen: Chosen) -> None:
        self.wished.append(chosen)
        self.page.show_chosen(chosen)
