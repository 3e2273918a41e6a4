"""Agrees with a server on a protocol: discovery (2026-07-28) first, else the handshake.

A server that answers the discovery with an error, with something else or not at all gets
`initialize`; one that goes away at it has to be started again by the caller, who then
leaves it out.
"""

from typing import Final

import anyio
import mcp_types
from mcp.client.session import ClientRequestContext, ClientSession
from mcp.shared.exceptions import MCPError
from mcp.shared.jsonrpc_dispatcher import JSONRPCDispatcher
from mcp_types.version import LATEST_MODERN_VERSION, MODERN_PROTOCOL_VERSIONS
from pydantic import ValidationError

from zu_core.errors import ProtocolError, Unavailable
from zu_redteam.mcp.patience import Patience

CLIENT: Final = mcp_types.Implementation(name="zu", version="1.0.0")


async def _refuse_sampling(
    context: ClientRequestContext, params: mcp_types.CreateMessageRequestParams
) -> mcp_types.ErrorData:
    return mcp_types.ErrorData(code=-1, message="the client samples for no target under test")


async def _decline(
    context: ClientRequestContext, params: mcp_types.ElicitRequestParams
) -> mcp_types.ElicitResult:
    return mcp_types.ElicitResult(action="decline")


async def _no_roots(context: ClientRequestContext) -> mcp_types.ListRootsResult:
    return mcp_types.ListRootsResult(roots=[])


def make_session(dispatcher: JSONRPCDispatcher) -> ClientSession:
    """Return a session that offers sampling, elicitation and roots, and refuses each use.

    They are offered so that a target that abuses them shows it.
    """
    return ClientSession(
        dispatcher=dispatcher,
        client_info=CLIENT,
        sampling_callback=_refuse_sampling,
        elicitation_callback=_decline,
        list_roots_callback=_no_roots,
    )


async def negotiate(session: ClientSession, patience: Patience, *, discover: bool) -> None:
    """Bring `session` to the state in which tools can be listed.

    Raises:
        Unavailable: no answer in time, or an error.
        ProtocolError: an answer that the protocol does not allow.
        MCPError: the connection was closed.
    """
    try:
        if discover and await _discover(session, LATEST_MODERN_VERSION, patience.discover):
            return
        await _initialize(session, patience)
    except ValidationError as error:
        raise ProtocolError(
            f"the target's answer to the handshake has not the protocol's shape ({error.title})"
        ) from error
    except RuntimeError as error:
        raise ProtocolError(str(error)) from error


async def _initialize(session: ClientSession, patience: Patience) -> None:
    try:
        with anyio.fail_after(patience.start):
            await session.initialize()
    except TimeoutError:
        raise Unavailable(
            f"the target did not answer the handshake within {patience.start:g} s",
            advice="run the command by hand; a server over stdio answers at once",
        ) from None
    except MCPError as error:
        version = _mutual(error)
        # -32022 to `initialize` comes from a server that speaks the newer protocol only.
        if version and await _discover(session, version, patience.start):
            return
        raise


async def _discover(session: ClientSession, version: str, seconds: float) -> bool:
    """Ask once, and again at a version that the server names; return whether that settled it."""
    for proposed, last in ((version, False), (None, True)):
        asked = proposed or version
        try:
            raw = None
            with anyio.move_on_after(seconds):
                raw = await session.send_discover(asked)
        except MCPError as error:
            if error.code == mcp_types.CONNECTION_CLOSED:
                raise
            named = _mutual(error)
            if last or named is None or named == version:
                return False
            version = named
        else:
            return raw is not None and _adopt(session, raw)
    return False


def _adopt(session: ClientSession, raw: dict[str, object]) -> bool:
    try:
        result = mcp_types.DiscoverResult.model_validate(raw)
    except ValidationError:
        return False
    if not any(version in MODERN_PROTOCOL_VERSIONS for version in result.supported_versions):
        return False
    session.adopt(result)
    return True


def _mutual(error: MCPError) -> str | None:
    """The newest version that a -32022 error names and this client speaks."""
    if error.code != mcp_types.UNSUPPORTED_PROTOCOL_VERSION:
        return None
    try:
        data = mcp_types.UnsupportedProtocolVersionErrorData.model_validate(error.error.data)
    except ValidationError:
        return None
    known = [version for version in MODERN_PROTOCOL_VERSIONS if version in data.supported]
    return known[-1] if known else None
