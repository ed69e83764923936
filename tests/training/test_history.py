"""History: rows of scalars that one thread appends while others read."""

import math
import threading

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfviz.training.record.history import SCALARS, History


def test_step_1_is_row_0_and_missing_values_are_nan() -> None:
    history = History()
    history.append(1, loss=2.5, token_accuracy=0.1)
    history.append(2, loss=2.0, validation_loss=2.2)
    assert len(history) == 2 and history.names == SCALARS
    assert history["loss"].tolist() == [2.5, 2.0]
    numpy.testing.assert_array_equal(history["token_accuracy"], [0.1, math.nan])
    numpy.testing.assert_array_equal(history["validation_loss"], [math.nan, 2.2])


def test_a_step_that_does_not_follow_is_refused_and_changes_nothing() -> None:
    history = History(("loss",))
    history.append(1, loss=1.0)
    for step in (0, 1, 3):
        with pytest.raises(ValueError, match=f"step {step} does not follow the 1 recorded steps"):
            history.append(step, loss=9.0)
        with pytest.raises(ValueError, match="does not follow"):
            history.append_row(step, [9.0])
    assert history["loss"].tolist() == [1.0]


def test_a_name_that_comes_later_is_nan_before() -> None:
    history = History(("loss",))
    history.append(1, loss=1.0)
    history.append(2, **{"loss": 0.5, "gradient_norm/generator": 3.0})
    assert history.names == ("loss", "gradient_norm/generator") and history.groups == ("generator",)
    numpy.testing.assert_array_equal(history["gradient_norm/generator"], [math.nan, 3.0])
    history.append_row(3, [0.25, 4.0])
    assert history.last("gradient_norm/generator") == 4.0 and "loss" in history and "other" not in history


def test_a_row_needs_a_value_for_every_name() -> None:
    history = History(("loss", "step_time"))
    with pytest.raises(ValueError, match="a row of 1 values does not fit 2 names"):
        history.append_row(1, [1.0])
    assert len(history) == 0


def test_an_unknown_column_is_answered_with_those_there_are() -> None:
    history = History(("loss", "step_time"))
    for ask in (
        history.column,
        history.__getitem__,
        history.last,
        lambda name: history.matrix(["loss", name]),
    ):
        with pytest.raises(KeyError, match="no column 'los'; there are loss, step_time"):
            ask("los")


def test_names_are_distinct() -> None:
    with pytest.raises(ValueError, match="not distinct"):
        History(("loss", "loss"))


def test_a_view_is_read_only_and_stays_what_it_was() -> None:
    history = History(("loss",), capacity=1)
    history.append(1, loss=1.0)
    view, copy = history.column("loss"), history["loss"]
    for step in range(2, 100):
        history.append(step, loss=float(step))
    assert view.tolist() == [1.0]
    with pytest.raises(ValueError, match="read-only"):
        view[0] = 5
    copy[0] = 5
    assert history["loss"][0] == 1.0


def test_truncating_forgets_the_end_and_leaves_what_was_given_out() -> None:
    history = History(("loss",))
    for step in range(1, 11):
        history.append(step, loss=float(step))
    view = history.column("loss")
    history.truncate(4)
    history.append(5, loss=50.0)
    assert history["loss"].tolist() == [1, 2, 3, 4, 50]
    assert view.tolist() == list(range(1, 11))
    for length in (-1, 6):
        with pytest.raises(ValueError, match=f"5 rows cannot be cut to {length}"):
            history.truncate(length)


def test_many_rows_are_appended_at_once() -> None:
    history = History(("loss", "step_time"), capacity=2)
    history.append(1, loss=1.0, step_time=0.1)
    history.extend({"loss": numpy.arange(2.0, 9.0), "extra": [7.0] * 7})
    assert history["loss"].tolist() == [1, 2, 3, 4, 5, 6, 7, 8]
    assert numpy.isnan(history["step_time"][1:]).all() and history["extra"][1:].tolist() == [7.0] * 7
    history.extend({})
    assert len(history) == 8
    with pytest.raises(ValueError, match="columns differ in length"):
        history.extend({"loss": [1.0], "extra": []})


def test_several_columns_are_read_together() -> None:
    history = History(("a", "b", "c"))
    for step in range(1, 6):
        history.append_row(step, [step, 10 * step, 100 * step])
    assert history.matrix(["c", "a"]).tolist() == [[100, 200, 300, 400, 500], [1, 2, 3, 4, 5]]
    assert history.matrix(["b"], 1, 3).tolist() == [[20, 30]]
    assert history.matrix(["b"], -2).tolist() == [[40, 50]]


def test_the_last_number_of_a_column_is_found_behind_gaps() -> None:
    history = History(("loss", "validation_loss"))
    assert math.isnan(history.last("loss"))
    history.append(1, loss=1.0, validation_loss=3.0)
    for step in range(2, 10_000):
        history.append(step, loss=float(step))
    assert history.last("validation_loss") == 3.0 and history.last("loss") == 9999.0
    assert history.last("loss", 17) == 17.0 and math.isnan(history.last("loss", 0))


@given(
    st.lists(st.dictionaries(st.sampled_from("abcd"), st.floats(), max_size=4), max_size=40),
    st.integers(1, 8),
)
def test_a_history_holds_what_a_list_of_rows_would(rows: list[dict[str, float]], capacity: int) -> None:
    history = History(("a",), capacity)
    for step, row in enumerate(rows, start=1):
        history.append(step, **row)
    for name in history:
        numpy.testing.assert_array_equal(history[name], [row.get(name, math.nan) for row in rows])


def test_a_reader_in_another_thread_never_sees_a_half_written_row() -> None:
    history, rows, faults = History(("a", "b"), capacity=1), 30_000, []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            both = history.matrix(["a", "b"])
            expected = numpy.arange(1, both.shape[1] + 1)
            if not ((both[0] == expected) & (both[1] == -expected)).all():
                faults.append(both)
            column = history.column("b")
            if len(column) and column[-1] != -len(column):
                faults.append(column)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for step in range(1, rows + 1):
            history.append_row(step, (step, -step))
            if step == rows // 2:
                history.add("later")
                history.truncate(step)
                for again in range(step + 1, rows + 1):
                    history.append_row(again, (again, -again, 0.0))
                break
    finally:
        done.set()
        reader.join(timeout=30)
    assert not reader.is_alive() and faults == [] and len(history) == rows
