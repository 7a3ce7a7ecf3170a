"""Is `idle` true while what was too large has not been stated under the newer key alone?"""
from test_drafting import tip_of
from test_restating import Make, counts, crowd, make, work  # noqa: F401


def test_after_the_end_what_was_too_large_is_waited_for(make: Make) -> None:  # noqa: F811
    agency = make(tip_of(*crowd()))
    agency.start((1, 2))
    work(agency)
    agency.start((2,))
    assert not agency.restating.idle(), "run --until-idle may end before it is stated anew"
