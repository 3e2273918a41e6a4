import idna
import pytest

from zu_core.hosts.host_error import HostError
from zu_core.hosts.name import check_name, is_canonical, to_ascii

LONGEST_LABEL = "a" * 63
LONGEST_NAME = ".".join([LONGEST_LABEL] * 3 + ["b" * 61])


@pytest.mark.parametrize(
    ("text", "ascii_text"),
    [
        ("Example.COM.", "example.com."),
        ("B\u00fccher.de", "xn--bcher-kva.de"),
        ("bu\u0308cher.de", "xn--bcher-kva.de"),
        ("\uff45\uff58\uff41\uff4d\uff50\uff4c\uff45\uff0e\uff43\uff4f\uff4d", "example.com"),
        ("example\u3002com", "example.com"),
        ("example\uff61com", "example.com"),
        ("exa\u00admple.com", "example.com"),
        ("\u212aelvin.example", "kelvin.example"),
        ("\u0440\u0430ypal.com", "xn--ypal-43d9g.com"),
        ("\uff11\uff12\uff17.0.0.\u2460", "127.0.0.1"),
        ("a\uff0fb.com", "a/b.com"),
        ("a\uff05b.com", "a%b.com"),
    ],
)
def test_to_ascii_is_what_a_resolver_sees(text, ascii_text):
    assert to_ascii(text) == ascii_text


@pytest.mark.parametrize("text", ["stra\u00dfe.de", "\u03b2\u03cc\u03bb\u03bf\u03c2.gr"])
def test_letters_that_idna_versions_read_differently_are_refused(text):
    assert text.encode("idna") != idna.encode(text)
    with pytest.raises(HostError, match="two different names"):
        to_ascii(text)


@pytest.mark.parametrize(
    "text",
    [
        "a\u200db.com",
        "a\u200cb.com",
        "\ud800.com",
        "\u0661\u0662.com",
        "\U0001f4a9.la",
        "\u0301a.de",
        "\ue000.com",
    ],
)
def test_what_idna_refuses_is_refused_with_advice(text):
    with pytest.raises(HostError) as error:
        to_ascii(text)
    assert "xn--" in error.value.advice


@pytest.mark.parametrize(
    "name",
    [
        "a",
        "example.com",
        "_dmarc.example.com",
        "r3---sn-x.video.example",
        "xn--bcher-kva.de",
        "xn--strae-oqa.de",
        "xn--ls8h.la",
        "3com.com",
        "a_b.c",
        LONGEST_LABEL,
        LONGEST_NAME,
    ],
)
def test_names_of_the_real_dns_are_names(name):
    assert check_name(name) == name
    assert is_canonical(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "a..b",
        ".a",
        "a.",
        "-a.com",
        "a-.com",
        "a b.com",
        "a\x00.com",
        "a/b",
        "a@b",
        "a%2e",
        "a\\b",
        "a\n",
        "a,b",
        "*.a",
        LONGEST_LABEL + "a",
        LONGEST_NAME + "c",
        "a.1",
        "1.2.3.0x",
        "a:b",
        "[a]",
        "a?b",
        "a#b",
        "a'b",
        "a\x7f",
        "1.2.3.4 x",
    ],
)
def test_other_text_is_refused(name):
    assert not is_canonical(name)
    with pytest.raises(HostError):
        check_name(name)


@pytest.mark.parametrize(
    "label",
    [
        "xn--",
        "xn--a",
        "xn--abc-",
        "xn---",
        "xn--a-b-",
        "xn--99999999",
        "xn--bcher-kv",
    ],
)
def test_a_labels_that_are_not_exact_punycode_are_refused(label):
    with pytest.raises(HostError, match="punycode"):
        check_name(f"{label}.com")


def test_an_a_label_that_hides_mapped_characters_is_refused():
    hidden = "xn--" + "\uff11\uff12\uff17".encode("punycode").decode()
    with pytest.raises(HostError, match="punycode"):
        check_name(f"{hidden}.com")
