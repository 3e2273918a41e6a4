"""Which images may run: pinned by digest, from registries that were allowed, and present."""

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from zu_backends.docker.engine import Engine, NotThere
from zu_core.errors import ConfigError, IntegrityError, Refused, Unavailable

_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")
_PART: Final = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_HOST: Final = r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::[0-9]{1,5})?"
# The reference grammar of the distribution project: a first part with a dot, a colon or
# the name localhost is a registry; without one, the engine's default registry is meant.
_REFERENCE: Final = re.compile(
    rf"(?:(?P<host>{_HOST})/)?(?P<path>{_PART}(?:/{_PART})*)(?P<tag>:[\w][\w.-]{{0,127}})?"
    r"(?:@(?P<digest>sha256:[0-9a-f]{64}))?",
    re.ASCII,
)
DEFAULT_REGISTRY: Final = "docker.io"


class ImagePolicy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where images may come from.

    Attributes:
        registries: host, or host and port, of each that is trusted to name images; images
            named by their id alone come from none.
    """

    registries: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for one in self.registries:
            if not re.fullmatch(_HOST, one):
                raise ConfigError(
                    f"{one!r} is not the host of a registry",
                    advice="write host or host:port, without scheme, path and wildcards",
                )


class Reference(msgspec.Struct, frozen=True):
    """A parsed name of an image; an id has neither registry nor path."""

    digest: str
    registry: str = ""
    path: str = ""


def parse(name: str) -> Reference:
    """Parse an image's id (sha256:...) or a pinned name (registry/path@sha256:...).

    Raises:
        ConfigError: it is neither; a tag alone can mean another image tomorrow.
    """
    if _DIGEST.fullmatch(name):
        return Reference(name)
    found = _REFERENCE.fullmatch(name)
    if found is None or found["digest"] is None:
        raise ConfigError(
            f"the image {name!r} is not pinned by its digest",
            advice="write its id, as `docker image inspect --format {{.Id}}` prints it, or "
            "REGISTRY/NAME@sha256:DIGEST",
        )
    host, path = found["host"], found["path"]
    if host and not ("." in host or ":" in host or host == "localhost"):
        host, path = None, f"{host}/{path}"
    return Reference(found["digest"], (host or DEFAULT_REGISTRY).lower(), path)


def check(reference: Reference, policy: ImagePolicy) -> None:
    """Return if the policy allows the image.

    Raises:
        Refused: its registry is not in the list.
    """
    allowed = {one.lower() for one in policy.registries}
    if reference.registry and reference.registry not in allowed:
        raise Refused(
            f"images of the registry {reference.registry} are not allowed",
            advice="add it to `registries`, or name an image that was built here by its id",
        )


async def resolve(engine: Engine, name: str, policy: ImagePolicy) -> str:
    """Return the id of the image that `name` means; nothing is pulled.

    Raises:
        ConfigError: the name is not pinned.
        Refused: the policy does not allow it.
        Unavailable: the engine does not have it.
        IntegrityError: what the engine has under that name is something else.
    """
    reference = parse(name)
    check(reference, policy)
    try:
        found = await engine.image(name)
    except NotThere as error:
        raise Unavailable(
            f"the Docker engine does not have the image {name}",
            advice=f"fetch it first: docker pull {name}" if reference.path else "build it first",
        ) from error
    _verify(reference, found)
    return str(found["Id"])


def _verify(reference: Reference, found: Mapping[str, Any]) -> None:
    """Compare what was asked for with what the engine says it has."""
    digests = {str(one).rpartition("@")[2] for one in found.get("RepoDigests") or ()}
    known = {found["Id"]} if not reference.path else digests
    if reference.digest not in known:
        raise IntegrityError(
            f"the Docker engine gives another image for {reference.digest}: {found['Id']}",
            advice="do not trust this engine's store; remove the image and fetch it again",
        )
