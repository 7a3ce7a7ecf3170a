"""Any history of a Store against plain dictionaries: a state machine for hypothesis."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field, replace
from itertools import count

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from casebus.errors import StalePosition
from casebus.store.store import OutboxRow, Post, Remove, Save, Transaction, Unpost, View
from casebus.testing.specimens import MARKS, SPECIMENS, Specimen, outbox_row, specimens
from casebus.testing.store_instances import Opener

Step = Callable[[Transaction, "_Model"], None]

_KEYS = ["", "a", "b", "ā", "z"]
_GROUPS = ["", "a", "b", "ā"]
_TOKENS = [0, -1, 7, 2**63 - 1, -(2**63)]


class _RolledBack(Exception):
    """What ends a transaction that shall leave nothing."""


@dataclass
class _Model:
    """What the store should hold. Positions, seen and the outbox only grow, so each history has names of its own."""

    mark: int
    specimens: dict[str, Specimen] = field(default_factory=dict)
    marks: set[tuple[int, str]] = field(default_factory=set)
    position: int = 0
    seen: dict[str, bytes] = field(default_factory=dict)
    rows: list[OutboxRow] = field(default_factory=list)
    relayed: set[int] = field(default_factory=set)

    @property
    def topic(self) -> str:
        return f"topic-{self.mark}"

    def agrees_with(self, view: View) -> None:
        held = [self.specimens[key] for key in sorted(self.specimens)]
        assert list(view.all(SPECIMENS)) == held
        for group in _GROUPS:
            expected = [specimen for specimen in held if specimen.group == group]
            assert view.by(SPECIMENS, "group", group) == expected
            assert view.by(SPECIMENS, "group", group, limit=1) == expected[:1]
            assert view.count(SPECIMENS, "group", group) == len(expected)
        for key in _KEYS:
            assert view.get(SPECIMENS, key) == self.specimens.get(key)
            assert view.seen("c", self.topic, key) == self.seen.get(key)
        assert view.several(SPECIMENS, _KEYS) == {key: self.specimens[key] for key in _KEYS if key in self.specimens}
        for token in _TOKENS:
            owners = {owner for held, owner in self.marks if held == token}
            found = view.holders(MARKS, dict.fromkeys(_TOKENS, 9))[token]
            assert (len(found), set(found)) == (len(owners), owners)
            few = view.holders(MARKS, {token: 2})[token]
            assert len(few) == len(set(few)) == min(2, len(owners))
            assert owners.issuperset(few)
        waiting = [row for row in self.rows if row.sequence not in self.relayed]
        assert view.position("c", self.topic) == self.position
        assert view.outbox(limit=99) == waiting
        assert view.outbox_depth() == len(waiting)
        assert all(view.published(self.topic, row.event_id) for row in self.rows)
        assert not view.published(self.topic, f"event-{self.topic}-{len(self.rows) + 1}")


def _save(specimen: Specimen) -> Step:
    def step(tx: Transaction, model: _Model) -> None:
        tx.apply(Save(SPECIMENS, specimen))
        model.specimens[specimen.key] = specimen

    return step


def _remove(key: str) -> Step:
    def step(tx: Transaction, model: _Model) -> None:
        tx.apply(Remove(SPECIMENS, key))
        model.specimens.pop(key, None)

    return step


def _post(owner: str, tokens: set[int]) -> Step:
    def step(tx: Transaction, model: _Model) -> None:
        tx.apply(Post(MARKS, owner, tuple(tokens)))
        model.marks |= {(token, owner) for token in tokens}

    return step


def _unpost(owner: str, tokens: set[int]) -> Step:
    def step(tx: Transaction, model: _Model) -> None:
        tx.apply(Unpost(MARKS, owner, tuple(tokens)))
        model.marks -= {(token, owner) for token in tokens}

    return step


def _advance(by: int) -> Step:
    def step(tx: Transaction, model: _Model) -> None:
        tx.advance("c", model.topic, expected=model.position, to=model.position + by)
        model.position += by

    return step


def _see(event: str) -> Step:
    def step(tx: Transaction, model: _Model) -> None:
        if tx.seen("c", model.topic, event) is None:
            tx.mark_seen("c", model.topic, event, event.encode())
        model.seen[event] = event.encode()

    return step


def _publish(tx: Transaction, model: _Model) -> None:
    row = outbox_row(model.topic, tx.next_sequence(model.topic))
    tx.outbox_add(row)
    model.rows.append(replace(row, sequence=len(model.rows) + 1))


def _relay(tx: Transaction, model: _Model) -> None:
    waiting = [row.sequence for row in tx.outbox(limit=2)]
    tx.outbox_relayed(model.topic, waiting)
    model.relayed.update(waiting)


_STEPS = st.lists(
    st.one_of(
        specimens(st.sampled_from(_KEYS)).map(_save),
        st.sampled_from(_KEYS).map(_remove),
        st.builds(_post, st.sampled_from(_KEYS), st.sets(st.sampled_from(_TOKENS))),
        st.builds(_unpost, st.sampled_from(_KEYS), st.sets(st.sampled_from(_TOKENS))),
        st.integers(1, 5).map(_advance),
        st.sampled_from(_KEYS).map(_see),
        st.just(_publish),
        st.just(_relay),
    ),
    max_size=8,
)


def run_histories(opener: Opener) -> None:
    """Run some histories, all on one state."""
    marks = count(1)

    class Histories(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self._store = opener()
            self._model = _Model(next(marks))

        @rule(steps=_STEPS)
        def commit(self, steps: list[Step]) -> None:
            after = deepcopy(self._model)
            with self._store.transaction() as tx:
                for step in steps:
                    step(tx, after)
                after.agrees_with(tx)
            self._model = after

        @rule(steps=_STEPS)
        def roll_back(self, steps: list[Step]) -> None:
            after = deepcopy(self._model)
            try:
                with self._store.transaction() as tx:
                    for step in steps:
                        step(tx, after)
                    raise _RolledBack
            except _RolledBack:
                pass

        @rule(off=st.sampled_from([-1, 1, 7]), steps=_STEPS)
        def be_stale(self, off: int, steps: list[Step]) -> None:
            after = deepcopy(self._model)
            try:
                with self._store.transaction() as tx:
                    for step in steps:
                        step(tx, after)
                    tx.advance("c", after.topic, expected=after.position + off, to=99)
            except StalePosition:
                return
            raise AssertionError("a stale position was taken")

        @rule()
        def reopen(self) -> None:
            self._store.close()
            self._store = opener()

        @invariant()
        def it_holds_what_the_model_holds(self) -> None:
            with self._store.view() as view:
                self._model.agrees_with(view)

        def teardown(self) -> None:
            with self._store.transaction() as tx:
                for key in _KEYS:
                    tx.apply(Remove(SPECIMENS, key))
                    tx.apply(Unpost(MARKS, key, tuple(_TOKENS)))
                for row in tx.outbox(limit=99):
                    tx.outbox_relayed(row.topic, [row.sequence])
            self._store.close()

    run_state_machine_as_test(
        Histories,
        settings=settings(
            max_examples=12,
            stateful_step_count=8,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
