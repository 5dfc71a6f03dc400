"""Who comes first has the model first, and a place that is given up keeps nobody waiting."""

from __future__ import annotations

import threading
import time

import pytest

from ui.turns import Left, Turns


def test_everyone_has_their_turn_in_the_order_in_which_they_came() -> None:
    turns, order = Turns(), []
    tickets = [turns.ticket() for _ in range(5)]
    assert [ticket.ahead for ticket in tickets] == [0, 1, 2, 3, 4]

    def take(number: int) -> None:
        with tickets[number]:
            order.append(number)
            time.sleep(0.01)

    threads = [threading.Thread(target=take, args=(number,)) for number in reversed(range(5))]
    for thread in threads:
        thread.start()
        time.sleep(0.005)
    for thread in threads:
        thread.join(timeout=5)
    assert order == [0, 1, 2, 3, 4]


def test_whoever_leaves_lets_the_next_one_in_and_is_told() -> None:
    turns = Turns()
    first, second, third = (turns.ticket() for _ in range(3))
    second.leave()
    second.leave()
    assert (first.left, second.left, third.ahead) == (False, True, 1)
    with first:
        assert third.ahead == 1
    with third:
        assert third.ahead == 0
    with pytest.raises(Left), second:  # which does not wait
        pass


def test_an_error_in_a_turn_ends_it() -> None:
    turns = Turns()
    first, second = turns.ticket(), turns.ticket()
    try:
        with first:
            raise ValueError
    except ValueError:
        pass
    assert second.ahead == 0
