"""Images are pinned by digest and come from registries that were allowed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zu_backends.docker.images import ImagePolicy, Reference, check, parse, resolve
from zu_core.errors import ConfigError, IntegrityError, Refused, Unavailable

DIGEST = "sha256:" + "a" * 64


class Engine:
    """Gives what it is told to, whatever is asked."""

    def __init__(self, found):
        self.found = found

    async def image(self, _name):
        return self.found


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (DIGEST, Reference(DIGEST)),
        (f"ghcr.example/team/tool@{DIGEST}", Reference(DIGEST, "ghcr.example", "team/tool")),
        (f"ghcr.example:5000/tool:1.2@{DIGEST}", Reference(DIGEST, "ghcr.example:5000", "tool")),
        (f"localhost/tool@{DIGEST}", Reference(DIGEST, "localhost", "tool")),
        (f"tool@{DIGEST}", Reference(DIGEST, "docker.io", "tool")),
        (f"team/tool@{DIGEST}", Reference(DIGEST, "docker.io", "team/tool")),
    ],
)
def test_pinned_names_are_parsed(name, expected):
    assert parse(name) == expected


@pytest.mark.parametrize(
    "name",
    [
        "",
        "tool",
        "tool:latest",
        "sha256:short",
        DIGEST.upper(),
        f"a//b@{DIGEST}",
        f"tool@{DIGEST}\n",
        f"http://a.example/tool@{DIGEST}",
        f"ghcr.example\u2044evil/tool@{DIGEST}",
    ],
)
def test_what_is_not_pinned_is_refused(name):
    with pytest.raises(ConfigError, match="not pinned"):
        parse(name)


@given(st.text(max_size=40))
def test_no_text_without_a_digest_is_accepted(text):
    with pytest.raises(ConfigError):
        parse(text)


def test_registries_are_compared_whole():
    policy = ImagePolicy(registries=("ghcr.example",))
    check(parse(f"GHCR.example/tool@{DIGEST}"), policy)
    check(parse(DIGEST), policy)
    for name in ("ghcr.example.evil.test/tool", "ghcr.example:5000/tool", "tool"):
        with pytest.raises(Refused, match="registry"):
            check(parse(f"{name}@{DIGEST}"), policy)


@pytest.mark.parametrize("entry", ["*", "*.example", "https://ghcr.example", "ghcr.example/x", ""])
def test_a_list_that_means_too_much_is_refused(entry):
    with pytest.raises(ConfigError, match="registry"):
        ImagePolicy(registries=(entry,))


async def test_an_engine_that_gives_another_image_is_not_believed():
    with pytest.raises(IntegrityError):
        await resolve(Engine({"Id": "sha256:" + "b" * 64}), DIGEST, ImagePolicy())
    with pytest.raises(IntegrityError):
        await resolve(
            Engine({"Id": DIGEST, "RepoDigests": ["a.example/t@sha256:" + "b" * 64]}),
            f"a.example/t@{DIGEST}",
            ImagePolicy(registries=("a.example",)),
        )


async def test_an_image_that_is_there_is_resolved_and_a_missing_one_is_not_fetched(engine, image):
    assert await resolve(engine, image, ImagePolicy()) == image
    with pytest.raises(Unavailable, match="does not have"):
        await resolve(engine, DIGEST, ImagePolicy())
