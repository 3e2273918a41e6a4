import re

from zu_redteam.calls.places import Places
from zu_redteam.corpus.setting import Setting


def test_tokens_fit_a_name_label_and_a_file_name():
    setting = Setting(Places("/w"), seed=3)
    tokens = {setting.token("a", number) for number in range(2000)}
    assert len(tokens) == 2000
    assert all(re.fullmatch("[a-z]{12}", token) for token in tokens)


def test_numbers_have_five_digits():
    setting = Setting(Places("/w"))
    assert all(10_000 <= setting.number(number) < 100_000 for number in range(500))
