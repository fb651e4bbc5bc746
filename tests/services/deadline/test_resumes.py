"""A resume without its pause is told of and stops nothing: neither its batch nor what comes after it."""

from shared.events.limits import PauseTerms
from tests.support.deadline_service import Service, at, fact, terms


async def test_a_resume_that_comes_before_its_pause_is_a_finding_until_the_pause_is_there(service: Service) -> None:
    limit = terms(pauses=(PauseTerms(ground="hearing"),))
    await service.deliver(fact("matter.registered", "r", at("03-02 08:00"), limits=(limit,)))
    await service.deliver(fact("matter.resumed", "z", at("03-02 08:30"), ground="hearing"))
    assert await service.told() == ["scheduled", "finding"]
    await service.deliver(fact("matter.suspended", "s", at("03-02 08:20"), ground="hearing"))
    assert "finding_revoked" in await service.told()
