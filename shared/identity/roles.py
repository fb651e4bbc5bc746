"""The roles of people and systems (domain.md §1), and what a checked token says of its bearer."""

from dataclasses import dataclass, replace
from enum import StrEnum

ALL = "*"
"""Among a token's authorities or sources: every one."""


class Role(StrEnum):
    """As a token's roles claim names them."""

    PUBLISHER = "publisher"
    """A government system: writes the facts of its authorities, under its own sources."""
    CLERK = "clerk"
    """A window's clerk: reads the matters of its authorities, and their own inbox."""
    OFFICIAL = "official"
    """A handler, reviewer, leader in charge or principal leader: reads their own inbox and the cases that concern them,
    answers these."""
    OFFICE = "office"
    """The efficiency office 效能办: runs cases."""
    SUPERVISOR = "supervisor"
    """监察: reads all."""
    AUDITOR = "auditor"
    """Reads all, to verify the record."""
    ADMIN = "admin"
    """An operator: configures, and sees no case."""
    SERVICE = "service"
    """A system within the deployment: reads matters and deadlines."""


NARROW = frozenset({Role.PUBLISHER, Role.CLERK, Role.OFFICIAL})
"""They see the authorities of their token, and of what is about people only what is about themselves."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Whoever asks. `person` is pseudonymous (D19); it is the directory's id of a person, or the name of a system."""

    person: str
    roles: frozenset[Role]
    authorities: frozenset[str]
    sources: frozenset[str]
    is_checked: bool = True

    def within(self, allowed: frozenset[Role]) -> "Principal":
        """With those roles only that a route admits: what other roles may see elsewhere plays no part."""
        return replace(self, roles=self.roles & allowed)

    def is_narrow(self) -> bool:
        """Whether none of the roles sees more than its own."""
        return self.roles <= NARROW

    def sees(self, authority: str) -> bool:
        """Whether matters of an authority may be shown."""
        return not self.is_narrow() or ALL in self.authorities or authority in self.authorities

    def is_person(self, person: str) -> bool:
        """Whether they are that person; believed of whoever asks where identities are not checked."""
        return not self.is_checked or self.person == person

    def sees_person(self, person: str) -> bool:
        """Whether what is about a person may be shown."""
        return not self.is_narrow() or self.is_person(person)


ANYBODY = Principal("", frozenset(Role), frozenset({ALL}), frozenset({ALL}), is_checked=False)
"""Everybody, where identities are not checked: on loopback only (shared/exposure.py)."""
