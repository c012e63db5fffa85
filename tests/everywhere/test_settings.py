"""The settings of `settings` at once; each alone is run by hand.

Those of the locale are left out: together with a path that is not ASCII they say that
such a path cannot be named.
"""

import os

import pytest

from tests.everywhere import settings


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="umask, mounts and a link to .venv")
def test_the_workbook_works_under_all_settings_at_once(tmp_path):
    names = ["path", "umask", "lost-home", "tmpdir"]
    names += ["read-only"] if settings.can_lock() else []
    assert settings.run(names, tmp_path) == []


def test_a_long_name_is_long_and_full_of_traps(tmp_path):
    path = tmp_path / settings.long_name(tmp_path)
    assert len(str(path)) >= settings.LONG - 3
    assert all(trap in str(path) for trap in " Üï\"'&$(")
    path.mkdir(parents=True)
