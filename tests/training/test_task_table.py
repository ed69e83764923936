"""The table of tasks at reduced size; tests/benchmarks/task_table.py trains the presets to their end, by hand."""

import pytest

from tests.benchmarks.task_table import COLUMNS, PRESETS, line, measure
from tests.training.small_runs import SMALL
from tfviz.training.config import RunConfig
from tfviz.training.task_config import GENERATED_TASKS, RULE_TASKS
from tfviz.training.tasks import create_task


def test_a_row_says_what_training_came_to() -> None:
    row = measure(SMALL.with_values({"training.steps": 5}), "small", held_out=6)
    assert (row.preset, row.steps, row.pairs) == ("small", 5, 6)
    assert 0 <= row.exact <= row.tokens < 1 and row.parameters > 100
    assert str(row).count("|") == len(COLUMNS) + 1 == line(COLUMNS).count("|")


def test_too_few_held_out_pairs_are_refused() -> None:
    with pytest.raises(ValueError, match="small holds out 6 pairs; needed: at least 7"):
        measure(SMALL.with_values({"training.steps": 5}), "small", held_out=7)


def test_every_task_has_a_preset_that_holds_out_a_thousand_pairs_ends_and_says_how_long_it_takes() -> None:
    tasks = set()
    for preset in PRESETS:
        config = RunConfig.preset(preset)
        tasks.add(config.task.name)
        made = create_task(config)
        assert config.training.total_steps(made.steps_per_epoch) is not None
        assert "minute" in config.description and "on one core" in config.description
        assert len(made.validation) >= 1000 or config.task.name == "identity"
    assert tasks == {"identity", *GENERATED_TASKS, *RULE_TASKS}
