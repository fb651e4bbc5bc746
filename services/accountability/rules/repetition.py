"""R21: so many yellow cards of one person in a calendar quarter make a red card of that person.

Yellow cards are counted in the order in which their limits passed, by the day of the due and whatever the order of
arrival. The red card stands beside the one that made the number full, and names all that were counted; where an earlier
one is revoked or learned of, another makes it full, and the red card moves there: the former is revoked. A quarter
has one, however many yellow cards follow. A person is a person of an authority.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from services.accountability.rules.card_rules import CardEdition, CardRule, first_day_of, in_force, quarter_of
from services.accountability.rules.cards import Card, CardChange, Said, Wanted, changed
from services.accountability.rules.identity import card_id
from services.accountability.rules.model import Ref


class Account(NamedTuple):
    """Of whom, and of which quarter, yellow cards are counted."""

    authority: str
    person: str
    quarter: str


def accounts(changes: Iterable[CardChange]) -> dict[Account, Ref]:
    """Whose yellow cards are others than before, and what caused it last."""
    found: dict[Account, Ref] = {}
    for change in changes:
        before = None if change.before is None else change.before.counts_for
        after = change.card.counts_for
        if (before, change.before and change.before.said.late_from) == (after, change.card.said.late_from):
            continue
        for each in (before, after):
            if each is not None:
                found[Account(*each)] = change.card.cause
    return found


def rule_of(account: Account, editions: tuple[CardEdition, ...]) -> tuple[CardRule, str] | None:
    """The rule by which the quarter is counted, and its edition's name: one for the whole quarter."""
    edition = in_force(editions, first_day_of(account.quarter))
    return None if edition.repeated is None else (edition.repeated, edition.name)


def wanted(yellow: Sequence[Card], rule: CardRule, edition: str) -> tuple[Card, Wanted] | None:
    """What the first yellow cards of an account, in their order, make: the card that fills the number, and what the red
    one beside it says."""
    if len(yellow) < rule.times:
        return None
    full, said = yellow[rule.times - 1], yellow[rule.times - 1].said
    counted = tuple(str(card.id) for card in yellow[: rule.times])
    return full, (Said(("repeated",), said.due, said.late_from, said.origin, said.item, said.unit, said.person,
                       counted), edition)  # fmt: skip


def repetition_id(full: Card) -> UUID:
    """The red card beside a yellow one."""
    return card_id(full.id, "repeated")


def decide(
    causes: Mapping[Account, Ref],
    yellow: Mapping[Account, Sequence[Card]],
    known: Mapping[UUID, Card],
    editions: tuple[CardEdition, ...],
    now: datetime,
) -> list[CardChange]:
    """`yellow`: the first of each account that stand, in order; `known`: the red cards of repetition that stand for
    these accounts, and those beside the yellow ones that fill a number now."""
    targets: dict[UUID, tuple[Card, Wanted, CardRule, Ref]] = {}
    for account, cause in causes.items():
        by = rule_of(account, editions)
        made = None if by is None else wanted(yellow.get(account, ()), *by)
        if by is not None and made is not None:
            targets[repetition_id(made[0])] = (*made, by[0], cause)
    found = []
    for id, (full, want, rule, cause) in targets.items():
        change = changed(known.get(id), id, full.limit, "repetition", rule.level, want, cause, "fewer-cards", now)
        if change is not None:
            found.append(change)
    for id, card in known.items():
        if id not in targets and card.standing:
            cause = causes[Account(card.limit.authority, card.said.person or "", quarter_of(card.said.due))]
            gone = changed(card, id, card.limit, "repetition", card.level, None, cause, "fewer-cards", now)
            if gone is not None:
                found.append(gone)
    return sorted(found, key=lambda change: change.card.standing)
