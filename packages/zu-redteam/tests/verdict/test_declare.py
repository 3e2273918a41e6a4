import tomllib

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from zu_core.contracts import Envelope
from zu_redteam.verdict import Evidence, Need
from zu_redteam.verdict.declare import envelope_toml, proposed_envelope
from zu_redteam.verdict.needs import Kind

SEEN = (Evidence(tried="t", seen="s", monitor="m", events=("e",)),)


def need(kind: Kind, what: str, *, only_attacked: bool = False) -> Need:
    return Need(kind=kind, what=what, evidence=SEEN, only_attacked=only_attacked)


def parsed(text: str) -> Envelope:
    return msgspec.convert(tomllib.loads(text)["envelope"], Envelope)


def test_needs_are_added_to_what_is_declared() -> None:
    declared = Envelope(egress=("api.example.com",), exec=("git",))
    wanted = [need("exec", "git"), need("exec", "ls"), need("write", "~/.cache/x")]
    found = proposed_envelope(declared, wanted)
    assert found == Envelope(egress=("api.example.com",), exec=("git", "ls"), write=("~/.cache/x",))
    assert parsed(envelope_toml(found)) == found


def test_what_only_attacks_brought_about_is_not_proposed() -> None:
    assert proposed_envelope(Envelope(), [need("exec", "sh", only_attacked=True)]) == Envelope()


def test_what_no_envelope_can_hold_is_left_out() -> None:
    wanted = [need("exec", "*"), need("write", "/"), need("exec", "a\x1bb"), need("exec", "")]
    assert proposed_envelope(Envelope(), wanted) == Envelope()


@given(st.sampled_from(["exec", "write", "read"]), st.text(max_size=30))
def test_every_proposal_is_toml_that_reads_back(kind: Kind, what: str) -> None:
    found = proposed_envelope(Envelope(), [need(kind, what)])
    assert parsed(envelope_toml(found)) == found


def test_the_empty_envelope_is_toml() -> None:
    assert parsed(envelope_toml(Envelope())) == Envelope()
