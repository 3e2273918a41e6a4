from zu_core.errors import ConfigError
from zu_core.hosts.host_error import HostError, quoted


def test_host_error_is_a_config_error_with_advice():
    error = HostError("no host", advice="write one")
    assert isinstance(error, ConfigError)
    assert str(error) == "no host: write one"


def test_quoted_text_has_no_character_that_a_terminal_obeys():
    shown = quoted("\x1b[2J\u202e\x07" + "a" * 500)
    assert shown.isascii()
    assert shown.isprintable()
    assert len(shown) < 120
