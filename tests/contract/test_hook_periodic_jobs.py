"""`periodic_jobs`: a code, an interval that a scheduler can keep, work that may be done again."""

from core.hooks.types import PeriodicJob


def test_each_is_complete(implementation, is_code):
    found = implementation()
    for job in found:
        assert isinstance(job, PeriodicJob)
        is_code(job.code)
        assert 10 <= job.every_seconds <= 366 * 86_400
        assert callable(job.run)
    assert len({j.code for j in found}) == len(found)


def test_running_twice_does_no_harm(everyone):
    for job in everyone.modules["example"].periodic_jobs():
        job.run()
        job.run()
