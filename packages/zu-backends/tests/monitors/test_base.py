import pytest

from zu_backends.monitors.base import Account


def test_an_account_is_complete_only_after_its_end():
    account = Account("one")
    assert account.report().state == "lost"
    assert account.report().reason
    account.facts += 2
    account.finish()
    report = account.report()
    assert (report.monitor, report.state, report.facts, report.reason) == ("one", "complete", 2, "")


@pytest.mark.parametrize("finish_first", [False, True])
def test_the_first_loss_is_kept_and_nothing_takes_it_back(finish_first):
    account = Account("one")
    if finish_first:
        account.finish()
    account.lose("first")
    account.lose("second")
    account.finish()
    assert account.lost
    assert (account.report().state, account.report().reason) == ("lost", "first")
