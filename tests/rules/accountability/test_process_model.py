"""Drives cases through every permitted and every forbidden step, and holds the rules to a table that was written from
domain.md §4 and R26–R30, and not from the code (tests/support/due_process.py)."""

from copy import deepcopy
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache

import hypothesis.strategies as st
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from services.accountability.rules import review
from services.accountability.rules.case import on_untrue
from services.accountability.rules.model import Case, Ref, Untrue
from services.accountability.rules.process import decide
from services.accountability.rules.process_cause import is_concluded, on_cause_back, on_cause_gone, passed, withdrawn
from services.accountability.rules.process_model import (
    Accepted,
    Forbidden,
    Outcome,
    Passed,
    Proceeding,
    Step,
)
from tests.support.due_process import (
    CONCLUDED,
    NAMED,
    OFFICERS,
    OUTCOME,
    Asking,
    Told,
    harsher,
    is_sensitive,
    running,
    takes,
    to_execute,
)
from tests.support.due_process_asking import (
    BEGUN,
    DOUBT,
    ERRS,
    FAULTS,
    REMEDIES,
    Then,
    asked,
    command_of,
    course,
    faulty,
    one_of,
    proper,
)
from tests.support.due_process_case import EDITION, START, opened
from tests.support.due_process_permits import permits


class DueProcess(RuleBasedStateMachine):
    """One case; `told` is the model of it, `proceeding` and `case` are the code's."""

    def __init__(self) -> None:
        super().__init__()
        self.told, self.case, self.now = Told(), opened(), START
        self.proceeding: Proceeding | None = None
        self.stands, self.verdict, self.words, self.let_it_pass = True, 1, 0, False
        self.asked_for: Asking | None = None
        """What somebody asked for last that takes two."""

    @initialize(begun=st.sampled_from(BEGUN))
    def it_has_come_so_far(self, begun: tuple[Outcome, int, int, int]) -> None:
        before = come_so_far(*begun)
        self.told, self.case, self.proceeding = deepcopy(before.told), before.case, before.proceeding
        self.now, self.words, self.let_it_pass, self.asked_for = (
            before.now, before.words, before.let_it_pass, before.asked_for,
        )  # fmt: skip

    def go(self, steps: Then) -> None:
        if steps:
            self.somebody_confirms_who_is_responsible()
        for step in steps:
            if isinstance(step, str):
                self.pass_by(step)
                continue
            before = self.case.revision
            self.time_passes(1 if step.step == "service" else 0)
            self.ask(step, self.now)
            assert self.case.revision > before

    def ask(self, ask: Asking, at: datetime) -> None:
        told = self.told
        permitted = self.stands and permits(told, ask, at, self.now)
        command = command_of(ask, at)
        answer = decide(self.proceeding, self.case, command, EDITION, self.now)
        waits = is_sensitive(told, ask.step) and permitted
        confirms = waits and told.waits is not None and told.waits[:2] == (ask.step, command.digest)
        if confirms and told.waits is not None and told.waits[2] == ask.by:
            permitted = False  # the same person twice (I20)
        if not permitted:
            assert isinstance(answer, Forbidden), f"{ask} is forbidden in {told}"
            assert answer.rule and answer.why
            return
        assert isinstance(answer, Accepted), f"{ask} is permitted in {told}, and was refused: {answer}"
        assert [each.case.revision for each in answer.done] == [
            self.case.revision + n for n in range(1, len(answer.done) + 1)
        ]
        if waits and not confirms:
            assert answer.proposed
            told.waits = (ask.step, command.digest, ask.by)
            self.asked_for = ask
        else:
            assert not answer.proposed
            assert len(set(answer.done[-1].by)) == (2 if waits else 1)
            if ask.step in OUTCOME:
                self.let_it_pass = "defence" in told.passed
            self.told = takes(told, ask, at)
        self.case, self.proceeding = answer.done[-1].case, answer.done[-1].proceeding

    @rule(data=st.data())
    def somebody_asks(self, data: st.DataObject) -> None:
        self.ask(asked(self.told, data.draw), self.now)

    @precondition(lambda self: self.told.state in ERRS)
    @rule(data=st.data(), days=st.sampled_from([0, 0, 0, 190]))
    def somebody_errs(self, data: st.DataObject, days: int) -> None:
        self.time_passes(days)
        step = one_of(ERRS[self.told.state], data.draw)
        field = one_of(FAULTS.get(step, ["by"]), data.draw) if not days else "none"
        self.ask(faulty(self.told, proper(self.told, step, data.draw), field, data.draw), self.now)

    @precondition(lambda self: self.told.state == "deliberation" and (self.told.late or not self.told.found))
    @rule()
    def somebody_is_burdened_late_or_in_doubt(self) -> None:
        self.ask(Asking("decision", "guo", measures=tuple(self.told.announced.items()), texts=("reason",)), self.now)

    @precondition(lambda self: self.asked_for is not None)
    @rule(data=st.data())
    def somebody_asks_for_the_same(self, data: st.DataObject) -> None:
        assert self.asked_for is not None
        self.ask(replace(self.asked_for, by=one_of(OFFICERS, data.draw)), self.now)

    @precondition(lambda self: bool(self.told.served))
    @rule(data=st.data(), days=st.sampled_from([-1, 0, 1]))
    def a_party_dates_what_it_hands_in(self, data: st.DataObject, days: int) -> None:
        person = one_of(sorted(self.told.served), data.draw)
        step: Step = "appeal" if self.told.asked.get(person) else "review-request"
        served = self.told.served[person] + timedelta(days)
        self.ask(Asking(step, person, texts=("request",)), served)

    @rule(data=st.data(), days=st.sampled_from([-1, 1]))
    def somebody_names_a_wrong_date(self, data: st.DataObject, days: int) -> None:
        last = self.case.opened_at if self.proceeding is None else self.proceeding.last_at or self.now
        self.ask(asked(self.told, data.draw), self.now + timedelta(days) if days > 0 else last - timedelta(days=1))

    @rule(days=st.sampled_from([1, 40, 190]))
    def time_passes(self, days: int) -> None:
        self.now += timedelta(days)
        self.told.today += timedelta(days)

    @precondition(lambda self: self.stands and not self.told.found)
    @rule()
    def somebody_confirms_who_is_responsible(self) -> None:
        kept = review.beside(self.case)
        said: object
        if kept.proposed is None:
            said = review.confirm(self.case, self.case.attributions, "guo", self.now)
        else:
            said = review.decide(self.case, kept.revisions, "guo", self.now, accept=False)
        assert isinstance(said, review.AttributionConfirmed | review.RevisionDecided)
        self.case, self.told.found = said.case, True

    @precondition(lambda self: self.stands and self.told.found)
    @rule()
    def a_fact_learned_later_names_somebody_else(self) -> None:
        others = (self.case.proposal[0]._replace(person="ma"), *self.case.proposal[1:])
        said = review.proposed(self.case, others, Ref("/duban/intake", "late"), "directory-fact", self.now)
        assert isinstance(said, review.RevisionProposed)
        self.case, self.told.found = said.case, False

    @precondition(lambda self: bool(running(self.told)))
    @rule(data=st.data())
    def a_limit_passes(self, data: st.DataObject) -> None:
        self.pass_by(one_of(running(self.told), data.draw))

    def pass_by(self, clock: str) -> None:
        assert clock in running(self.told)
        self.time_passes(1)
        assert self.proceeding is not None
        self.words += 1
        self.proceeding = passed(self.proceeding, Passed(clock, self.now, self.words))
        self.told.passed[clock] = self.now

    @precondition(lambda self: self.told.passed and self.proceeding is not None)
    @rule(data=st.data())
    def a_limit_that_passed_did_not_after_all(self, data: st.DataObject) -> None:
        clock = one_of(sorted(self.told.passed), data.draw)
        assert self.proceeding is not None
        told = next(said for said in self.proceeding.passed if said.clock == clock)
        self.words += 1
        self.proceeding = passed(self.proceeding, Passed(clock, None, self.words))
        assert passed(self.proceeding, told) == self.proceeding, "an older word changes nothing"
        del self.told.passed[clock]

    @precondition(lambda self: self.stands and not self.told.revocable)
    @rule()
    def the_cause_falls_away(self) -> None:
        self.verdict += 1
        untrue = Untrue(self.case.key, Ref("/deadline", f"u{self.verdict}"), self.verdict, "met")
        if self.told.state in CONCLUDED and not self.told.revoked:
            assert self.proceeding is not None and is_concluded(self.proceeding)
            self.case, done = on_cause_gone(self.case, self.proceeding, EDITION, untrue, self.now)
            assert done is not None and done.kind == "revocation-proposed"
            self.proceeding, self.told.revocable = done.proceeding, True
            assert self.case.state == "standing"
            return
        assert not is_concluded(self.proceeding)
        known = on_untrue(self.case, untrue, self.now).known
        assert isinstance(known, Case) and known.state == "withdrawn"
        self.case, self.stands = known, False
        if self.proceeding is not None:
            self.proceeding = withdrawn(self.proceeding, self.now)
            if not self.told.revoked:
                self.told.state, self.told.waits = "withdrawn", None

    @precondition(lambda self: not self.stands or (self.told.revocable and not self.told.revoked))
    @rule()
    def the_cause_is_there_again(self) -> None:
        self.verdict += 1
        if not self.stands:
            self.case = replace(
                self.case, state="standing", withdrawn_at=None, withdrawn_because=None,
                verdict_revision=self.verdict, revision=self.case.revision + 1,
                attributions=self.case.attributions + 1,
                beside=review.beside(self.case)._replace(proposed=None, reason=None),
            )  # fmt: skip
            self.stands, self.told.found = True, False
            return
        assert self.proceeding is not None
        done = on_cause_back(self.case, self.proceeding, EDITION, Ref("/deadline", f"m{self.verdict}"), self.now)
        assert done is not None
        self.case, self.proceeding, self.told.revocable = done.case, done.proceeding, False

    @invariant()
    def the_code_has_the_state_of_the_table(self) -> None:
        assert (self.proceeding.state if self.proceeding else "lead") == self.told.state

    @invariant()
    def nothing_is_concluded_without_notice_and_defence(self) -> None:
        if self.told.state in CONCLUDED:
            assert self.proceeding is not None
            assert self.proceeding.noticed_at is not None and self.proceeding.deliberated_at is not None
            assert all(p.heard != "not-yet" for p in self.proceeding.parties) or self.let_it_pass

    @invariant()
    def no_measure_is_harsher_than_announced_and_no_stranger_is_named(self) -> None:
        for party in self.proceeding.parties if self.proceeding else ():
            assert NAMED[party.person] == party.role
            assert not harsher(party.measure or "none", party.announced)

    @invariant()
    def each_party_has_their_own_remedy(self) -> None:
        for party in self.proceeding.parties if self.proceeding else ():
            assert (party.asked or "") == self.told.asked.get(party.person, "")
            assert (party.unserved or "") == self.told.unserved.get(party.person, "")
            assert (party.executed or "") == self.told.executed.get(party.person, "")
            assert party.waits == (party.person in self.told.open)

    @invariant()
    def a_closed_case_owes_nobody_anything(self) -> None:
        if self.told.state == "closed" and not self.told.revoked:
            assert not to_execute(self.told) and not self.told.open and not self.told.unserved

    @invariant()
    def a_withdrawn_cause_leaves_no_standing_case(self) -> None:
        if not self.stands:
            assert self.case.state == "withdrawn"
            assert self.told.state in {"lead", "withdrawn"} or self.told.revoked


@cache
def come_so_far(outcome: Outcome, which: int, far: int, days: int) -> DueProcess:
    """A case that has come so far: the same for every example that begins there."""
    found = DueProcess()
    found.go(course(outcome, REMEDIES[which])[:far])
    if days == DOUBT:
        found.a_fact_learned_later_names_somebody_else()
    else:
        found.time_passes(days)
    return found


TestDueProcess = DueProcess.TestCase
TestDueProcess.settings = settings(
    max_examples=600, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck)
)
