"""The table of tokens: counted in a thread, sorted and searched, with the merges of byte-pair encoding."""

import pytest
from PySide6.QtCore import QPoint

from tests.app.conftest import Open
from tests.app.driving import LEFT, Driver
from tfviz.app.dialogs.tokens_dialog import TokensDialog
from tfviz.training.config import RunConfig
from tfviz.training.tokens.token_table import token_counts


def opened(driver: Driver) -> TokensDialog:
    driver.window.commands["show_tokens"].trigger()
    dialog = driver.find(TokensDialog, "tokens_dialog")
    driver.qtbot.waitUntil(lambda: dialog.table.model() is not None)
    return dialog


def column(dialog: TokensDialog, number: int) -> list[str]:
    model = dialog.table.model()
    return [model.index(row, number).data() for row in range(model.rowCount())]


def click_title(driver: Driver, dialog: TokensDialog, number: int) -> None:
    header = dialog.table.horizontalHeader()
    place = QPoint(header.sectionViewportPosition(number) + 20, header.height() // 2)
    driver.qtbot.mouseClick(header.viewport(), LEFT, pos=place)


def test_every_token_is_listed_with_its_count_and_sorted_by_a_click(driver: Driver) -> None:
    dialog = opened(driver)
    counts = token_counts(driver.session.task).source
    assert column(dialog, 1) == [count.token for count in counts]
    assert column(dialog, 2) == [f"{count.occurrences:,}" for count in counts]
    click_title(driver, dialog, 2)
    click_title(driver, dialog, 2)
    largest = max(counts, key=lambda count: count.occurrences)
    assert column(dialog, 2)[0] == f"{largest.occurrences:,}"
    assert "all 92 training pairs" in dialog.message.text()
    driver.click_on(dialog.pages.button(1))
    assert column(dialog, 1) == [count.token for count in token_counts(driver.session.task).target]
    assert dialog.pages.button(2).isHidden()


def test_a_search_leaves_what_contains_it(driver: Driver) -> None:
    dialog = opened(driver)
    driver.qtbot.keyClicks(dialog.search, "THE")
    assert column(dialog, 1) and all("the" in token for token in column(dialog, 1))
    assert " of " in dialog.message.text()
    driver.qtbot.keyClicks(dialog.search, "zzz")
    assert not column(dialog, 1)


@pytest.mark.parametrize("shared", [True, False])
def test_the_merges_of_byte_pairs_are_listed_in_their_order(
    open_window: Open, config: RunConfig, shared: bool
) -> None:
    values = {
        "task.name": "translation", "task.examples": 60, "task.validation": 4, "task.alphabet": 6, "task.probe": 1,
        "task.tokenizer": "bpe", "task.bpe_size": 300, "task.shared_vocabulary": shared,
    }  # fmt: skip
    driver = open_window(run=config.with_values(values))
    dialog = opened(driver)
    assert dialog.pages.button(3).isHidden() == shared
    driver.click_on(dialog.pages.button(2))
    pieces = driver.session.task.source_tokenizer.tokens[260:]
    assert column(dialog, 3) == list(pieces)
    assert all(
        left + right == piece
        for left, right, piece in zip(*(column(dialog, n) for n in (1, 2, 3)), strict=True)
    )


def test_another_run_closes_the_table(driver: Driver) -> None:
    dialog = opened(driver)
    old = driver.session
    driver.click("restart")
    driver.wait_for_new_session(old)
    assert dialog.closed and not driver.window.problems.dialogs
