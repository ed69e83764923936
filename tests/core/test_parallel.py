"""The crew: every piece of work is done, every failure is raised, every thread ends."""

import threading

import numpy as np
import pytest

from tfviz.core.parallel import Crew

WAIT = 10.0


class MishapError(Exception):
    """What the work of a test fails with."""


def fail() -> None:
    raise MishapError


def test_every_piece_of_work_is_done_and_each_in_a_thread_of_its_own() -> None:
    threads: list[threading.Thread] = []
    meeting = threading.Barrier(3)

    def work() -> None:
        meeting.wait(WAIT)  # returns only if all three run at once
        threads.append(threading.current_thread())

    with Crew(3) as crew:
        for _ in range(50):
            crew.run([work, work, work])
    assert len(threads) == 150
    assert len(set(threads)) == 3 and threading.current_thread() in threads


def test_what_the_caller_ignores_is_ignored_in_every_thread() -> None:
    def divide() -> None:
        np.divide(np.ones(2), 0.0)

    with Crew(2) as crew, np.errstate(all="ignore"):
        crew.run([divide, divide])
    with Crew(2) as crew, np.errstate(all="raise"), pytest.raises(FloatingPointError):
        crew.run([lambda: None, divide])


def test_a_crew_of_one_works_in_the_caller_s_thread() -> None:
    threads: list[threading.Thread] = []
    with Crew(1) as crew:
        crew.run([lambda: threads.append(threading.current_thread())])
    assert threads == [threading.current_thread()]


def test_a_crew_runs_fewer_functions_than_it_has_threads_but_not_more() -> None:
    done: list[int] = []
    with Crew(3) as crew:
        crew.run([lambda: done.append(1), lambda: done.append(2)])
        assert sorted(done) == [1, 2]
        with pytest.raises(ValueError, match="4 functions for 3 threads"):
            crew.run([lambda: done.append(3)] * 4)
    assert sorted(done) == [1, 2]


def test_what_is_shared_is_done_once_and_not_held_up_by_one_that_takes_long() -> None:
    done: list[int] = []
    others_done = threading.Event()

    def long() -> None:
        assert others_done.wait(WAIT)  # set only if another thread does all that is left

    def last() -> None:
        done.append(99)
        others_done.set()

    with Crew(2) as crew:
        crew.share([long, *(lambda number=number: done.append(number) for number in range(50)), last])
        assert done == [*range(50), 99]
        with pytest.raises(MishapError):
            crew.share([fail] * 3)
        crew.share([])


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_failure_is_raised_after_all_others_have_finished(place: int) -> None:
    done = []
    works = [lambda number=number: done.append(number) for number in range(3)]
    works[place] = fail
    with Crew(3) as crew:
        with pytest.raises(MishapError):
            crew.run(works)
        assert sorted(done) == [number for number in range(3) if number != place]
        crew.run([lambda: done.append(7)] * 3)
        assert done.count(7) == 3


def test_the_traceback_leads_to_the_place_in_the_other_thread() -> None:
    with Crew(2) as crew, pytest.raises(MishapError) as failure:
        crew.run([lambda: None, fail])
    assert failure.traceback[-1].name == "fail"


def test_closing_ends_the_threads_and_may_be_repeated() -> None:
    before = threading.active_count()
    crew = Crew(4)
    assert threading.active_count() == before + 3
    crew.close()
    assert threading.active_count() == before
    crew.close()


def test_threads_end_also_when_the_work_failed() -> None:
    before = threading.active_count()
    with pytest.raises(MishapError), Crew(2) as crew:
        crew.run([lambda: None, fail])
    assert threading.active_count() == before
