"""A run that several test files look at."""

from __future__ import annotations

import pytest

from nstk import testing
from tests.engine.samples import SETTINGS


@pytest.fixture(scope="package")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("run")


@pytest.fixture(scope="package")
def done(folder):
    """One run; tests of other runs compare with it."""
    return testing.run_recipe(folder, **SETTINGS)


@pytest.fixture
def here(tmp_path_factory, monkeypatch):
    """The folders of the tests lie under the working directory, so that their recipes may name plugins."""
    monkeypatch.chdir(tmp_path_factory.getbasetemp())
