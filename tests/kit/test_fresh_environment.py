"""From nothing to a checked plugin in an environment of its own: scaffolded, installed by pip, discovered, enabled, tested."""

from __future__ import annotations

import json

import pytest

from tests.kit import environments

pytestmark = pytest.mark.faults
NAME = "jurisdiction_at"


@pytest.fixture(scope="module")
def fresh(tmp_path_factory):
    return environments.make(tmp_path_factory.mktemp("fresh") / "venv")


@pytest.fixture(scope="module")
def project(fresh, tmp_path_factory):
    """A plugin that was scaffolded and installed."""
    work = tmp_path_factory.mktemp("work")
    done = fresh.run("portico", "plugin", "new", NAME, cwd=work)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == f"{NAME}/ is ready. Next:"
    made = work / NAME
    done = fresh.run("pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "-e", ".", cwd=made)
    assert done.returncode == 0, done.stderr
    return made


def test_it_is_discovered(fresh, project):
    listed = fresh.run("portico", "plugin", "list", cwd=project)
    assert f"{NAME} 0.1.0: categories, config_schema, service_access" in listed.stdout.splitlines()


def test_it_passes_the_check_by_its_name(fresh, project):
    done = fresh.run("portico", "plugin", "check", NAME, cwd=project.parent.parent)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"{NAME}: 15 checks, no problem (")
    assert float(done.stdout.rpartition("(")[2].split()[0]) < 10


def test_its_own_tests_pass(fresh, project):
    done = fresh.run("pytest", "-q", "-p", "no:cacheprovider", cwd=project)
    assert done.returncode == 0, done.stdout + done.stderr
    passed = int(done.stdout.splitlines()[-1].split()[0])
    assert passed >= 15 + 8, "a test for each check and for each case"


def test_it_is_enabled_in_a_tenant_and_asked(fresh, project):
    work = project.parent
    done = fresh.run("portico", "tenant", "new", "alpine-care", "--plugin", NAME, cwd=work)
    assert done.returncode == 0, done.stderr
    done = fresh.run("portico", "tenant", "check", "tenants/alpine-care", cwd=work)
    assert done.returncode == 0, done.stderr
    case = {
        "id": "a", "question": "service_access", "service": "in_person", "at": "2026-11-21",
        "patient": {"category": "at_resident", "birth_date": "1980-05-01"}, "professional": {"country": "AT", "kind": "physician"},
    }  # fmt: skip
    done = fresh.run("portico", "decide", "--tenant", "tenants/alpine-care", cwd=work, stdin=json.dumps(case) + "\n")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert (answer["effect"], [r["rule"] for r in answer["reasons"]]) == ("permit", ["AT-1"])


def test_a_second_of_its_name_is_refused(fresh, project):
    done = fresh.run("portico", "plugin", "new", NAME, cwd=project.parent.parent)
    assert done.returncode == 1
    assert f"an installed plugin is called {NAME} already" in done.stderr
