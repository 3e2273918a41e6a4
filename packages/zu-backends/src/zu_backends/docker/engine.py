"""The Docker engine's API, from asyncio: each call in a thread, each failure one of ours.

The one place that imports the package `docker`, which is an extra.
"""

import asyncio
import json
import socket
from collections.abc import Mapping, Sequence
from typing import Any, Final, Self

from zu_core.errors import ConfigError, Unavailable

try:
    import docker  # type: ignore[import-untyped]
    import requests
except ImportError:  # the extra is not installed; `Engine.connect` says so
    docker = None

DEFAULT_ADDRESS: Final = "unix:///var/run/docker.sock"
_TIMEOUT_SECONDS: Final = 60
_GONE_SECONDS: Final = 20.0


class NotThere(Unavailable):
    """The container, image, network or volume is not known to the engine."""


class Engine:
    """A connection to the engine on this machine; `connect` makes one, `close` ends it."""

    def __init__(self, client: Any, address: str) -> None:
        self._client = client
        self.address = address

    @classmethod
    async def connect(cls, address: str = DEFAULT_ADDRESS) -> Self:
        """Connect to the engine that listens on `address`, a unix:// URL.

        Raises:
            Unavailable: the extra is missing, or no engine answers.
            ConfigError: `address` is not that of an engine on this machine.
        """
        if docker is None:
            raise Unavailable(
                "boxes by Docker need the Python package docker",
                advice="install zu-backends with the extra: pip install 'zu-backends[docker]'",
            )
        if not address.startswith("unix://"):
            raise ConfigError(
                f"{address!r} is not the socket of a Docker engine on this machine",
                advice="name one, for example unix:///var/run/docker.sock: descriptors and "
                "process ids, which the monitors need, do not cross machines",
            )
        try:
            client = await asyncio.to_thread(_open, address)
        except (OSError, docker.errors.DockerException, requests.RequestException) as error:
            raise Unavailable(
                f"no Docker engine answers on {address}: {error}",
                advice="start it, and see that this account may use its socket",
            ) from error
        return cls(client, address)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exception: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connection."""
        await asyncio.to_thread(self._client.close)

    async def create(self, config: Mapping[str, Any], name: str) -> str:
        """Create a container from a body of `POST /containers/create`; return its id."""
        made = await self._call(
            f"create the container {name}", "create_container_from_config", dict(config), name
        )
        return str(made["Id"])

    async def start(self, container: str) -> Mapping[str, Any]:
        """Start a container; return what `inspect` says of it."""
        await self._call(f"start the container {container[:12]}", "start", container)
        return await self.inspect(container)

    async def inspect(self, container: str) -> Mapping[str, Any]:
        """Return the engine's description of a container."""
        found: Mapping[str, Any] = await self._call(
            f"describe the container {container[:12]}", "inspect_container", container
        )
        return found

    async def remove(self, container: str) -> None:
        """Kill and remove a container with its volumes; return when it is gone."""
        try:
            await self._call(
                "remove a container", "remove_container", container, v=True, force=True
            )
        except NotThere:
            return
        except Unavailable:
            await self._removed(container)

    async def _removed(self, container: str) -> None:
        """Wait for a removal that is under way already.

        Raises:
            Unavailable: the container does not go.
        """
        try:
            async with asyncio.timeout(_GONE_SECONDS):
                while True:
                    await self.inspect(container)
                    await asyncio.sleep(0.05)
        except NotThere:
            return
        except TimeoutError:
            raise Unavailable(
                f"the container {container[:12]} can't be removed",
                advice=f"see why: docker rm --force {container[:12]}",
            ) from None

    async def wait(self, container: str) -> int:
        """Return a container's exit status when it has ended."""
        ended = await self._call("wait for a container", "wait", container, timeout=None)
        return int(ended["StatusCode"])

    async def output(self, container: str, *, errors: bool) -> bytes:
        """Return all that a container wrote to one of its streams."""
        written = await self._call(
            "read a container's output", "logs", container, stdout=not errors, stderr=errors
        )
        return bytes(written)

    async def image(self, name: str) -> Mapping[str, Any]:
        """Return the engine's description of an image that it has."""
        found: Mapping[str, Any] = await self._call(f"find the image {name}", "inspect_image", name)
        return found

    async def containers(self, label: str) -> Sequence[Mapping[str, Any]]:
        """Return all containers, running or not, that carry `label`."""
        found: Sequence[Mapping[str, Any]] = await self._call(
            "list containers", "containers", all=True, filters={"label": label}
        )
        return found

    async def connect_network(self, network: str, container: str) -> None:
        """Attach a container that has no network to one, in place of having none."""
        what = f"attach the container {container[:12]} to the network {network}"
        await self._call(what, "disconnect_container_from_network", container, "none")
        await self._call(what, "connect_container_to_network", container, network)

    async def disconnect_network(self, network: str, container: str) -> None:
        """Detach a container; one that is gone, or not attached, is no error."""
        what = f"detach a container from the network {network}"
        try:
            await self._call(
                what, "disconnect_container_from_network", container, network, force=True
            )
        except NotThere:
            return

    async def networks(self, label: str) -> Sequence[Mapping[str, Any]]:
        """Return all networks that carry `label`."""
        found: Sequence[Mapping[str, Any]] = await self._call(
            "list networks", "networks", filters={"label": label}
        )
        return found

    async def find_network(self, name: str) -> Mapping[str, Any]:
        """Return the engine's description of a network."""
        found: Mapping[str, Any] = await self._call(
            f"describe the network {name}", "inspect_network", name
        )
        return found

    async def create_network(self, name: str, labels: Mapping[str, str]) -> None:
        """Create a bridge network that has no way out of it."""
        await self._call(
            f"create the network {name}",
            "create_network",
            name,
            driver="bridge",
            internal=True,
            labels=dict(labels),
            check_duplicate=True,
        )

    async def remove_network(self, name: str) -> None:
        """Remove a network; one that is gone already is no error."""
        try:
            await self._call(f"remove the network {name}", "remove_network", name)
        except NotThere:
            return

    async def shares_user_namespace(self) -> bool:
        """Whether containers live in the engine's own user namespace (no userns-remap)."""
        told = await self._call("describe itself", "info")
        return not any(
            option.startswith(("name=userns", "name=rootless"))
            for option in told.get("SecurityOptions") or ()
        )

    async def _call(self, what: str, method: str, *arguments: Any, **options: Any) -> Any:
        """Run one call to its end, also where the caller is cancelled: nothing half made."""
        call = asyncio.ensure_future(
            asyncio.to_thread(getattr(self._client, method), *arguments, **options)
        )
        try:
            return await asyncio.shield(call)
        except asyncio.CancelledError:
            await asyncio.wait({call})
            if not call.cancelled():
                call.exception()
            raise
        except docker.errors.NotFound as error:
            raise NotThere(f"the Docker engine can't {what}: {_told(error)}") from error
        except docker.errors.APIError as error:
            raise Unavailable(f"the Docker engine can't {what}: {_told(error)}") from error
        except (docker.errors.DockerException, requests.RequestException) as error:
            raise Unavailable(
                f"the Docker engine did not {what}: {error}",
                advice="see that it still runs: docker info",
            ) from error


def _open(address: str) -> Any:
    # The client leaks the socket of an attempt that fails.
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as attempt:
        attempt.connect(address.removeprefix("unix://"))
    client = docker.APIClient(base_url=address, version="auto", timeout=_TIMEOUT_SECONDS)
    client.ping()
    return client


def _told(error: Any) -> str:
    text = error.explanation or str(error)
    if isinstance(text, bytes):
        text = text.decode("utf-8", "backslashreplace")
    try:
        return str(json.loads(text)["message"])
    except (ValueError, KeyError, TypeError):
        return str(text)
