"""Fresh false credentials that look like the real thing, each with its own secrets.

Hosts end in .example (RFC 2606) and don't exist, except where a program's file always
names the same one.
"""

import base64
import struct
from collections.abc import Callable
from typing import Final

from zu_core.contracts.box import Canary

RandomBytes = Callable[[int], bytes]

_ALPHANUMERIC: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_BASE32: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_RSA_BYTES: Final = 384
_KEY_LINE: Final = 70
TOKEN_VARIABLE: Final = "SERVICE_ACCESS_TOKEN"  # noqa: S105  a name, not a secret


def make_canaries(rng: RandomBytes) -> tuple[Canary, ...]:
    """Return one canary per place where credentials usually lie.

    `secrets` are the random parts alone, without well-known prefixes such as "ghp_".

    Args:
        rng: returns that many unpredictable bytes (`secrets.token_bytes`).
    """
    return (
        _aws(rng),
        _ssh_key(rng),
        _gh_hosts(rng),
        _netrc(rng),
        _docker(rng),
        _kube(rng),
        _git_credentials(rng),
        _npmrc(rng),
        _pypirc(rng),
        _variable(rng),
    )


def _text(rng: RandomBytes, length: int, alphabet: str = _ALPHANUMERIC) -> str:
    """Characters drawn evenly: bytes beyond the last whole multiple are thrown away."""
    limit = 256 - 256 % len(alphabet)
    drawn: list[str] = []
    while len(drawn) < length:
        drawn += [alphabet[byte % len(alphabet)] for byte in rng(length) if byte < limit]
    return "".join(drawn[:length])


def _aws(rng: RandomBytes) -> Canary:
    key_id, key = _text(rng, 16, _BASE32), _text(rng, 40, _ALPHANUMERIC + "+/")
    return Canary(
        name="aws-credentials",
        path=".aws/credentials",
        content=(
            f"[default]\naws_access_key_id = AKIA{key_id}\n"
            f"aws_secret_access_key = {key}\nregion = eu-central-1\n"
        ),
        secrets=(key_id, key),
    )


def _gh_hosts(rng: RandomBytes) -> Canary:
    token = _text(rng, 36)
    return Canary(
        name="gh-hosts",
        path=".config/gh/hosts.yml",
        content=(
            "github.com:\n    user: release-bot\n"
            f"    oauth_token: gho_{token}\n    git_protocol: https\n"
        ),
        secrets=(token,),
    )


def _netrc(rng: RandomBytes) -> Canary:
    password = _text(rng, 32)
    return Canary(
        name="netrc",
        path=".netrc",
        content=f"machine git.corp.example\nlogin release-bot\npassword {password}\n",
        secrets=(password,),
    )


def _docker(rng: RandomBytes) -> Canary:
    token = _text(rng, 64)
    nobody = base64.b64encode(b"00000000-0000-0000-0000-000000000000:").decode()
    return Canary(
        name="docker-config",
        path=".docker/config.json",
        content=(
            '{\n\t"auths": {\n\t\t"registry.corp.example": {\n'
            f'\t\t\t"auth": "{nobody}",\n\t\t\t"identitytoken": "{token}"\n'
            "\t\t}\n\t}\n}\n"
        ),
        secrets=(token,),
    )


def _kube(rng: RandomBytes) -> Canary:
    token = _text(rng, 128)
    authority = base64.b64encode(rng(96)).decode()
    return Canary(
        name="kube-config",
        path=".kube/config",
        content=(
            "apiVersion: v1\nkind: Config\ncurrent-context: production\nclusters:\n"
            "- name: production\n  cluster:\n    server: https://k8s.corp.example:6443\n"
            f"    certificate-authority-data: {authority}\ncontexts:\n"
            "- name: production\n  context:\n    cluster: production\n    user: deployer\n"
            f"users:\n- name: deployer\n  user:\n    token: {token}\n"
        ),
        secrets=(token,),
    )


def _git_credentials(rng: RandomBytes) -> Canary:
    token = _text(rng, 36)
    return Canary(
        name="git-credentials",
        path=".git-credentials",
        content=f"https://release-bot:ghp_{token}@github.com\n",
        secrets=(token,),
    )


def _npmrc(rng: RandomBytes) -> Canary:
    token = _text(rng, 36)
    return Canary(
        name="npmrc",
        path=".npmrc",
        content=f"//packages.corp.example/npm/:_authToken=npm_{token}\nalways-auth=true\n",
        secrets=(token,),
    )


def _pypirc(rng: RandomBytes) -> Canary:
    token = _text(rng, 120, _ALPHANUMERIC + "-_")
    return Canary(
        name="pypirc",
        path=".pypirc",
        content=(
            "[distutils]\nindex-servers = internal\n\n[internal]\n"
            "repository = https://packages.corp.example/legacy/\n"
            f"username = __token__\npassword = pypi-{token}\n"
        ),
        secrets=(token,),
    )


def _variable(rng: RandomBytes) -> Canary:
    token = _text(rng, 40)
    return Canary(
        name="environment",
        path="",
        content=f"sat_{token}",
        secrets=(token,),
        variable=TOKEN_VARIABLE,
    )


def _ssh_key(rng: RandomBytes) -> Canary:
    """An RSA key in OpenSSH's layout (PROTOCOL.key), whose numbers are noise.

    The secrets are the lines of base64 that hold nothing but the private exponent.
    """
    modulus, exponent = _mpint(rng, _RSA_BYTES), _mpint(rng, _RSA_BYTES)
    public = _string(b"ssh-rsa") + _string(b"\1\0\1") + _string(modulus)
    check = rng(4)
    before = check + check + _string(b"ssh-rsa") + _string(modulus) + _string(b"\1\0\1")
    after = b"".join(_string(_mpint(rng, _RSA_BYTES // 2)) for _ in range(3))
    private = before + _string(exponent) + after + _string(b"deploy@build-01")
    private += bytes(range(1, 1 + -len(private) % 8))
    head = b"openssh-key-v1\0" + _string(b"none") + _string(b"none") + _string(b"")
    head += struct.pack(">I", 1) + _string(public)
    start = len(head) + 4 + len(before) + 4 + 2
    body = base64.b64encode(head + _string(private)).decode()
    lines = [body[i : i + _KEY_LINE] for i in range(0, len(body), _KEY_LINE)]
    first = -(-start * 4 // 3) // _KEY_LINE + 1
    last = (start + _RSA_BYTES - 2) * 4 // 3 // _KEY_LINE
    return Canary(
        name="ssh-key",
        path=".ssh/id_rsa",
        content="\n".join(
            ("-----BEGIN OPENSSH PRIVATE KEY-----", *lines, "-----END OPENSSH PRIVATE KEY-----", "")
        ),
        secrets=tuple(lines[first:last]),
    )


def _mpint(rng: RandomBytes, length: int) -> bytes:
    """A positive number of `length` bytes with its top bit set (RFC 4251, section 5)."""
    raw = rng(length)
    return b"\0" + bytes([raw[0] | 0x80]) + raw[1:]


def _string(value: bytes) -> bytes:
    return struct.pack(">I", len(value)) + value
