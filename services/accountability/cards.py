"""A batch's words on limits become cards: all is read, then decided, then written. What it costs is by the batch: one
question for the words kept of its limits, one for their cards where there are any, and the same for the persons whose
yellow cards are others than before."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from services.accountability import card_store, ledger
from services.accountability.rules import cards, repetition
from services.accountability.rules.card_rules import CardEdition
from services.accountability.rules.cards import KINDS, CardChange, Word, id_of
from shared.postgres import Connection

Editions = tuple[CardEdition, ...]


async def of_limits(conn: Connection, words: Sequence[Word], editions: Editions, now: datetime) -> list[CardChange]:
    """Fold the limits of which something was said; keep what is new, and write their cards. The changes are for the
    caller to record."""
    if not words:
        return []
    limits = {word.limit.id for word in words}
    kept = await card_store.words_of(conn, limits)
    fresh = _fresh(words, kept)
    await card_store.add_words(conn, (word for said in fresh.values() for word in said))
    known = await card_store.cards_of(conn, [id_of(id, kind) for id in kept for kind in KINDS if id in fresh])
    changes: list[CardChange] = []
    for id, said in fresh.items():
        before = kept.get(id, ())
        own = {c: known[c] for c in (id_of(id, kind) for kind in KINDS) if c in known} if before else {}
        changes += cards.decide(said, before, own, editions, now)
    await _write(conn, changes)
    return changes


async def of_persons(conn: Connection, changes: Sequence[CardChange], editions: Editions, now: datetime) -> None:
    """Count the yellow cards of whose some have changed, and record the red ones that come of it or fall (R21). The
    last thing in a batch: others who name the same persons wait from here to its end, and whoever waits holds no row
    that this one needs."""
    causes = repetition.accounts(changes)
    if not causes:
        return
    rules = {account: repetition.rule_of(account, editions) for account in causes}
    await card_store.lock_accounts(conn, causes)
    yellow = await card_store.yellow_of(conn, {a: by[0].times for a, by in rules.items() if by is not None})
    known = await card_store.repetitions_of(conn, causes)
    full = {a: by[0].times for a, by in rules.items() if by is not None and len(yellow.get(a, ())) >= by[0].times}
    beside = {repetition.repetition_id(yellow[account][times - 1]) for account, times in full.items()}
    known |= await card_store.cards_of(conn, beside - known.keys())
    made = repetition.decide(causes, yellow, known, editions, now)
    await _write(conn, made)
    await ledger.record_cards(conn, made)


def _fresh(words: Sequence[Word], kept: Mapping[UUID, Sequence[Word]]) -> dict[UUID, list[Word]]:
    """By limit, each word once, and none that is kept: a revision is said once."""
    heard = {(word.limit.id, word.revision) for said in kept.values() for word in said}
    found: dict[UUID, list[Word]] = {}
    for word in words:
        at = word.limit.id, word.revision
        if at not in heard:
            heard.add(at)
            found.setdefault(word.limit.id, []).append(word)
    return found


async def _write(conn: Connection, changes: Sequence[CardChange]) -> None:
    await card_store.insert_cards(conn, [change.card for change in changes if change.before is None])
    await card_store.update_cards(conn, [change.card for change in changes if change.before is not None])
