import base64
import configparser
import json
import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zu_backends.monitors.canary_contents import TOKEN_VARIABLE, make_canaries

CANARIES = {canary.name: canary for canary in make_canaries(secrets.token_bytes)}


def test_the_usual_places_are_covered():
    assert {canary.path for canary in CANARIES.values()} == {
        "",
        ".aws/credentials",
        ".config/gh/hosts.yml",
        ".docker/config.json",
        ".git-credentials",
        ".kube/config",
        ".netrc",
        ".npmrc",
        ".pypirc",
        ".ssh/id_rsa",
    }
    assert [c.name for c in CANARIES.values() if c.variable] == ["environment"]
    assert CANARIES["environment"].variable == TOKEN_VARIABLE


def test_every_secret_is_long_is_in_its_content_and_nowhere_else():
    for canary in CANARIES.values():
        assert canary.secrets
        others = [one for one in CANARIES.values() if one is not canary]
        for secret in canary.secrets:
            assert len(secret) >= 16
            assert secret in canary.content
            assert not any(secret in other.content for other in others)


def test_no_secret_is_ever_made_twice():
    again = {s for canary in make_canaries(secrets.token_bytes) for s in canary.secrets}
    assert not again & {s for canary in CANARIES.values() for s in canary.secrets}


def test_the_secrets_of_a_key_hold_nothing_that_another_key_has():
    canaries = [make_canaries(lambda n, fill=fill: bytes([fill]) * n)[1] for fill in (1, 2)]
    for first, second in zip(canaries[0].secrets, canaries[1].secrets, strict=True):
        assert first != second
    # One line of each is noise all through: with constant noise, it is periodic.
    assert all(len(set(line)) <= 5 for line in canaries[0].secrets)


def test_formats_are_those_of_the_programs_that_read_them():
    aws = configparser.ConfigParser()
    aws.read_string(CANARIES["aws-credentials"].content)
    assert aws["default"]["aws_access_key_id"].startswith("AKIA")
    assert len(aws["default"]["aws_secret_access_key"]) == 40
    docker = json.loads(CANARIES["docker-config"].content)
    assert docker["auths"]
    body = CANARIES["ssh-key"].content.split("\n")[1:-2]
    assert {len(line) for line in body[:-1]} == {70}
    assert base64.b64decode("".join(body)).startswith(b"openssh-key-v1\0\0\0\0\4none")
    assert len(CANARIES["ssh-key"].secrets) >= 4


@given(st.integers(0, 255))
def test_even_the_poorest_noise_makes_no_endless_loop(seed):
    calls = 0

    def noise(length):
        nonlocal calls
        calls += 1
        return bytes((seed + calls * 7 + i * 13) % 256 for i in range(length))

    assert len(make_canaries(noise)) == 10


@pytest.mark.parametrize("name", sorted(CANARIES))
def test_no_canary_names_a_real_host_but_where_its_program_wants_it(name):
    words = CANARIES[name].content.replace("/", " ").replace("@", " ").replace(":", " ").split()
    hosts = [word for word in words if word.endswith((".com", ".org", ".io", ".net"))]
    assert set(hosts) <= {"github.com"}
