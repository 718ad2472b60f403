"""`services`: a code that decisions know, a channel and a class of care that the platform knows."""

from core.hooks.types import Service


def test_each_is_complete(implementation, says, is_code):
    for service in implementation():
        assert isinstance(service, Service)
        is_code(service.code)
        says(implementation.plugin, service.label)
        says(implementation.plugin, service.description)
        assert service.channel in ("in_person", "message", "video", "phone")
        assert service.care_class in ("in_person", "tele_advice", "teleconsultation")


def test_what_is_in_person_is_of_that_class(implementation):
    for service in implementation():
        assert (service.channel == "in_person") == (service.care_class == "in_person")


def test_no_two_have_one_code(all_of):
    codes = [s.code for s in all_of("services")]
    assert len(codes) == len(set(codes))
