"""The table of tokens: what is counted, and of how much."""

from pathlib import Path

from tfviz.training.config import RunConfig
from tfviz.training.task_config import TaskConfig
from tfviz.training.tasks import create_task
from tfviz.training.tokens.token_table import token_counts


def test_every_token_of_the_training_pairs_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "pairs.tsv"
    path.write_text("a b\tx\nb b\tx x\n", encoding="utf-8")
    table = token_counts(create_task(RunConfig(task=TaskConfig(name="file", path=str(path)))))
    assert (table.pairs, table.complete) == (2, True)
    assert [line[1:] for line in table.source] == [
        ("<pad>", 0), ("<s>", 2), ("</s>", 2), ("<unk>", 0), ("a", 1), ("b", 3),
    ]  # fmt: skip
    assert [line[1:] for line in table.target] == [
        ("<pad>", 0), ("<s>", 2), ("</s>", 2), ("<unk>", 0), ("x", 3),
    ]  # fmt: skip
    assert [line.identifier for line in table.target] == [0, 1, 2, 3, 4]


def test_where_pairs_have_no_end_about_a_thousand_are_counted_and_the_table_says_so() -> None:
    task = create_task(RunConfig(task=TaskConfig(name="copy", length=3, minimum_length=3)))
    table = token_counts(task)
    assert (table.pairs, table.complete) == (63 * 16, False)
    assert sum(line.occurrences for line in table.source) == 63 * 16 * 5
    assert table.source == table.target == token_counts(task).source
