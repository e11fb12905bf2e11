"""Work in a thread beside its caller's: in order, one piece ahead, and nothing is lost."""

import threading

import pytest

from locogan_keras.rendering.ahead import ahead, behind, relayed


def test_the_next_result_is_made_while_the_caller_is_busy():
    begun = {number: threading.Event() for number in range(4)}

    def square(number):
        begun[number].set()
        return number**2

    for number, result in enumerate(ahead(square, [0, 1, 2, 3])):
        assert result == number**2
        if number < 3:
            assert begun[number + 1].wait(60)
        # One, and not more: what waits takes memory.
        assert not any(begun[later].is_set() for later in range(number + 2, 4))
    assert list(ahead(square, [])) == []


def test_what_goes_wrong_ahead_is_raised_where_it_is_due():
    results = ahead(lambda number: 6 // number, [3, 2, 0, 1])
    assert [next(results), next(results)] == [2, 3]
    with pytest.raises(ZeroDivisionError):
        next(results)


def test_calls_are_made_in_order_while_the_caller_goes_on():
    called, may_go_on = [], threading.Event()

    def slow(number):
        assert may_go_on.wait(60)
        called.append(number)

    with behind(slow) as call:
        call(0)
        assert called == []
        may_go_on.set()
        for number in range(1, 5):
            call(number)
            # The one before is done.
            assert called[:number] == list(range(number))
    assert called == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("failing", [0, 4])
def test_what_goes_wrong_behind_is_raised_and_nothing_is_called_after_it(failing):
    called = []

    def fail(number):
        called.append(number)
        if number == failing:
            raise OSError("no space left")

    def work():
        with behind(fail) as call:
            for number in range(5):
                call(number)

    with pytest.raises(OSError, match="no space"):
        work()
    assert called == list(range(failing + 1))


def test_a_caller_s_own_failure_comes_first():
    def work():
        with behind(lambda number: 1 / number) as call:
            call(0)
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        work()


def test_the_second_step_of_one_is_made_while_the_caller_makes_the_first_of_the_next():
    begun = {number: threading.Event() for number in range(3)}
    may_end = {number: threading.Event() for number in range(3)}
    yielded = []

    def first(number):
        if number:
            assert begun[number - 1].wait(60)
            # Its result is due when this is done, and not before.
            assert yielded == list(range(number - 1))
            may_end[number - 1].set()
        return number**2

    def second(number, square):
        begun[number].set()
        assert number == 2 or may_end[number].wait(60)
        return number + square

    for number, result in enumerate(relayed(first, second, range(3))):
        assert result == number + number**2
        yielded.append(number)
    assert yielded == [0, 1, 2]
    assert list(relayed(first, second, [])) == []


@pytest.mark.parametrize("failing", [0, 2])
def test_what_goes_wrong_in_a_second_step_is_raised_where_it_is_due(failing):
    results = relayed(float, lambda number, _: 1 // (number - failing), range(3))
    for number in range(failing):
        assert next(results) == 1 // (number - failing)
    with pytest.raises(ZeroDivisionError):
        next(results)
    assert list(results) == []


def test_as_many_results_as_there_are_threads_are_made_at_once():
    together, lock, running = threading.Barrier(3), threading.Lock(), [0, 0]

    def square(number):
        with lock:
            running[0] += 1
            running[1] = max(running)
        together.wait(60)
        with lock:
            running[0] -= 1
        return number**2

    # Whoever is alone would wait in vain.
    assert list(ahead(square, iter(range(9)), threads=3)) == [number**2 for number in range(9)]
    assert running == [0, 3]
