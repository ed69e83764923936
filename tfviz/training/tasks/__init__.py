"""What can be learned: where the pairs come from, what is held out, and what to look for in the attention."""

from tfviz.training.config import RunConfig
from tfviz.training.tasks.addition import AdditionTask
from tfviz.training.tasks.brackets import BracketsTask
from tfviz.training.tasks.dates import DatesTask
from tfviz.training.tasks.finite import FileTask, IdentityTask
from tfviz.training.tasks.symbols import CopyTask, RepeatTask, ReverseTask, SortTask
from tfviz.training.tasks.task import Example, Task
from tfviz.training.tasks.translation import TranslationTask

__all__ = ["TASKS", "Example", "Task", "create_task"]

TASKS: dict[str, type[Task]] = {
    "identity": IdentityTask,
    "copy": CopyTask,
    "reverse": ReverseTask,
    "sort": SortTask,
    "repeat": RepeatTask,
    "addition": AdditionTask,
    "brackets": BracketsTask,
    "dates": DatesTask,
    "translation": TranslationTask,
    "file": FileTask,
}


def create_task(config: RunConfig) -> Task:
    """The task of a run. ValueError where its data cannot be read or its probe does not exist."""
    task = TASKS[config.task.name](config.task, config.training.seed, config.training.batch_size)
    task.probe()
    return task
