"""`file_scanners`: one code for a scanner, which finds the test file and never says clean in doubt."""

import pytest

from core.care.documents.scanners import EICAR
from core.hooks.types import FileScanner, ScannerAway, ScanVerdict


def test_each_is_complete(implementation, is_code):
    found = implementation()
    assert found
    for scanner in found:
        assert isinstance(scanner, FileScanner)
        is_code(scanner.code)


def test_each_finds_the_test_file_or_says_that_it_cannot_tell(implementation):
    for scanner in implementation():
        try:
            verdict = scanner.scan(EICAR)
        except ScannerAway:
            continue
        assert isinstance(verdict, ScanVerdict)
        assert not verdict.clean
        assert verdict.name


def test_no_two_have_one_code(all_of):
    codes = [s.code for s in all_of("file_scanners")]
    assert len(codes) == len(set(codes))


def test_a_plugins_scanner_answers_and_says_when_it_cannot(everyone):
    (scanner,) = everyone.modules["example"].file_scanners()
    assert scanner.scan(b"a letter") == ScanVerdict(True)
    with pytest.raises(ScannerAway) as told:
        scanner.scan(bytes(17 * 1024 * 1024))
    assert told.value.this_file_only
