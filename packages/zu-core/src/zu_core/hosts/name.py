"""Names from text: UTS #46 mapping, A-labels, and the syntax that DNS names of hosts have."""

import re

import idna

from zu_core.hosts.address import ends_in_number
from zu_core.hosts.host_error import HostError, quoted

MAX_NAME = 253  # RFC 1035 section 2.3.4, without the final dot
MAX_LABEL = 63

# RFC 1123 section 2.1, plus `_`, which real DNS names have (RFC 8552). Hyphens in the third
# and fourth place are common in ASCII names of content networks, so they are let through.
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")

# IDNA2003 maps these four away and IDNA2008 keeps them (UTS #46 "deviation"), so that two
# programs look up two different names.
_DEVIATIONS = re.compile("[\u00df\u03c2\u200c\u200d]")
_A_LABEL = "xn--"


def to_ascii(text: str) -> str:
    """`text` in lower-case ASCII as a resolver sees it; the result may be any ASCII text.

    Full-width digits, ideographic full stops and the like become their ASCII form, other
    labels become A-labels (UTS #46, RFC 5891).

    Raises:
        HostError: not IDNA, or two IDNA versions read it as two different names.
    """
    if text.isascii():
        return text.lower()
    try:
        mapped = idna.uts46_remap(text, std3_rules=False)
        if _DEVIATIONS.search(mapped):
            raise _ambiguous(text)
        return ".".join(_a_label(label) for label in mapped.split("."))
    except ValueError as error:  # IDNAError, and what idna lets through of unicodedata
        raise HostError(
            f"{quoted(text)} is not an internationalised domain name",
            advice="write its ASCII form, which starts with `xn--`",
        ) from error


def _a_label(label: str) -> str:
    return label if label.isascii() else idna.alabel(label).decode("ascii")


def _ambiguous(text: str) -> HostError:
    return HostError(
        f"{quoted(text)} has a letter that programs translate to two different names",
        advice="write the ASCII form that you mean, which starts with `xn--`",
    )


def is_canonical(name: str) -> bool:
    """True if `name` is a host name in canonical form: lower-case ASCII, no final dot."""
    return len(name) <= MAX_NAME and _NAME.fullmatch(name) is not None and not ends_in_number(name)


def check_name(name: str) -> str:
    """`name`, lower-case ASCII without a final dot, if it can be a name in the DNS.

    Raises:
        HostError: a label or the name is too long, empty, has a character that host names
            have not, is an invalid A-label, or the name ends in a number.
    """
    if ends_in_number(name):
        raise HostError(
            f"{quoted(name)} ends in a number but is no address",
            advice="write an address such as `192.0.2.1`, or a name",
        )
    if len(name) > MAX_NAME:
        raise HostError(f"{quoted(name)} is longer than {MAX_NAME} characters")
    labels = name.split(".")
    for label in labels:
        if len(label) > MAX_LABEL:
            raise HostError(f"{quoted(name)} has a label longer than {MAX_LABEL} characters")
        if label.startswith(_A_LABEL):
            _check_a_label(name, label)
    if _NAME.fullmatch(name) is None:
        raise _malformed(name, labels)
    return name


def _malformed(name: str, labels: list[str]) -> HostError:
    if "" in labels:
        return HostError(f"{quoted(name)} has an empty label", advice="remove the extra dot")
    return HostError(
        f"{quoted(name)} is not a host name",
        advice="write letters, digits, `-`, `_` and dots only, such as `api.example.com`",
    )


def _check_a_label(name: str, label: str) -> None:
    """Refuse an `xn--` label that does not stand for exactly one internationalised label.

    Wider than `idna.ulabel`, because registries sell labels (emoji) that IDNA2008 refuses
    and UTS #46 lets through.
    """
    encoded = label[len(_A_LABEL) :]
    try:
        decoded = encoded.encode("ascii").decode("punycode")
        exact = (
            not decoded.isascii()
            and idna.uts46_remap(decoded, std3_rules=False) == decoded
            and decoded.encode("punycode").decode("ascii") == encoded
        )
    except ValueError:  # UnicodeError of the codec, IDNAError
        exact = False
    if not exact:
        raise HostError(
            f"{quoted(name)} has a label that starts with `xn--` and is not valid punycode",
            advice="check the name for a typing error",
        )
