"""Who is asked when: every checkpoint is put to every witness in time, and nobody is asked too often."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from casebus.witnessing.rounds import LONGEST_PAUSE_S, OVERDUE_S, REFRESH_S, Rounds, Turn

NAMES = ("a", "b", "c")


def begun(text: str = "T1", now: float = 0.0) -> Rounds:
    rounds = Rounds.of(NAMES)
    assert rounds.may_begin(text, now)
    rounds.begin(text, now)
    for name in rounds.due(now):
        rounds.asked(name, now)
    return rounds


def test_all_are_asked_for_one_text_and_the_next_waits_for_their_answers() -> None:
    rounds = begun()
    assert rounds.due(0) == []
    rounds.cosigned("a", "T1", 10)
    rounds.cosigned("b", "T1", 10)
    assert not rounds.may_begin("T2", 1)
    rounds.refused("c")
    assert rounds.may_begin("T2", 1)
    rounds.begin("T2", 1)
    assert rounds.due(1) == ["a", "b", "c"]


def test_one_that_does_not_answer_is_not_waited_for() -> None:
    rounds = begun()
    for name in ("a", "b"):
        rounds.cosigned(name, "T1", 10)
    assert not rounds.may_begin("T2", OVERDUE_S - 0.1)
    assert rounds.may_begin("T2", OVERDUE_S)


def test_it_is_asked_again_after_growing_pauses() -> None:
    rounds, now, asked = begun(), 0.0, []
    while now < 10_000:
        if "c" in rounds.due(now):
            rounds.asked("c", now)
            asked.append(now)
        now += 1
    pauses = [b - a for a, b in pairwise(asked)]
    assert asked[0] == OVERDUE_S
    assert pauses == sorted(pauses)
    assert max(pauses) == LONGEST_PAUSE_S


def test_when_it_answers_at_last_it_is_asked_for_what_is_newest_at_once() -> None:
    rounds = begun()
    rounds.begin("T2", 0)
    rounds.cosigned("c", "T1", 10)
    assert "c" in rounds.due(100)
    assert rounds.turns["c"].size == 10


def test_who_stands_elsewhere_is_asked_from_there_and_a_second_answer_is_no_news() -> None:
    rounds = begun()
    assert rounds.holds("a", 7)
    assert rounds.due(0) == ["a"]
    rounds.asked("a", 0)
    assert not rounds.holds("a", 7)
    assert rounds.due(0) == []


def test_after_a_restart_the_first_round_begins_whatever_was_answered_before() -> None:
    rounds = Rounds({"a": Turn(10, "T1"), "b": Turn(8, "T0")})
    assert rounds.may_begin("T1", 0)
    rounds.begin("T1", 0)
    assert rounds.due(0) == ["b"]


def test_a_log_at_rest_is_cosigned_anew_after_a_while() -> None:
    rounds = begun()
    for name in NAMES:
        rounds.cosigned(name, "T1", 10)
    assert not rounds.may_begin("T1", REFRESH_S - 1)
    assert rounds.may_begin("T1", REFRESH_S)
    rounds.begin("T1", REFRESH_S)
    assert rounds.due(REFRESH_S) == list(NAMES)
    assert not rounds.may_begin("T1", REFRESH_S)


actions = st.lists(
    st.tuples(st.sampled_from(["grow", "cosign", "refuse", "stale", "restart", "tick"]), st.sampled_from(NAMES)),
    max_size=60,
)


@given(actions)
def test_whatever_happened_the_newest_text_reaches_everybody(happened: list[tuple[str, str]]) -> None:
    """A driver like the hub's: begins when it may, asks who is due. Then nothing more happens but time."""
    rounds, now, size = Rounds.of(NAMES), 0.0, 0
    outstanding: dict[str, str] = {}

    def drive() -> None:
        text = f"T{size}"
        if rounds.may_begin(text, now) and text != rounds.text:
            rounds.begin(text, now)
        for name in rounds.due(now):
            assert name not in outstanding or now >= OVERDUE_S
            rounds.asked(name, now)
            outstanding[name] = rounds.text

    for what, name in happened:
        if what == "grow":
            size += 1
        elif what == "tick":
            now += 3
        elif what == "restart":
            turns = {each: Turn(turn.size, turn.answered) for each, turn in rounds.turns.items()}
            rounds, outstanding = Rounds(turns), {}
        elif name in outstanding:
            if what == "cosign":
                text = outstanding.pop(name)
                rounds.cosigned(name, text, int(text[1:]))
            elif what == "refuse":
                outstanding.pop(name)
                rounds.refused(name)
            elif rounds.holds(name, 0):
                outstanding.pop(name)
        drive()
    put: set[str] = {name for name, turn in rounds.turns.items() if turn.answered == f"T{size}"}
    for _ in range(300):
        now += OVERDUE_S
        drive()
        if rounds.text == f"T{size}":
            put |= {name for name, text in outstanding.items() if text == rounds.text}
    assert put == set(NAMES)
