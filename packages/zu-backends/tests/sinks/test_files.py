import errno

import pytest

from zu_backends.sinks.files import create, unavailable
from zu_core.errors import Unavailable


def test_a_file_is_made_once(tmp_path):
    path = tmp_path / "log"
    create(path)
    assert path.stat().st_mode & 0o777 == 0o600
    path.write_text("kept")
    create(path)
    assert path.read_text() == "kept"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EIO])
def test_each_error_says_what_to_do(tmp_path, number):
    error = unavailable(tmp_path, OSError(number, "why"))
    assert isinstance(error, Unavailable)
    assert "why" in error.message
    assert error.advice
