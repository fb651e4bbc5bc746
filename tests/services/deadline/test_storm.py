"""When what can wait should wait."""

from services.deadline.sweep import Storm


def test_what_can_wait_waits_while_a_storm_lasts_and_as_long_again() -> None:
    storm = Storm()
    assert not storm.lasts(0)
    storm.goes_on(10)
    storm.goes_on(14)
    assert storm.lasts(1000)
    storm.is_over(16)
    assert (storm.lasts(21.9), storm.lasts(22)) == (True, False)
    storm.is_over(30)
    assert not storm.lasts(30)


def test_it_never_waits_for_ever() -> None:
    storm = Storm()
    storm.goes_on(0)
    storm.is_over(3600)
    assert not storm.lasts(3600 + Storm.LONGEST_REST_S)
