"""From a request to the parts that answer it: box and options."""

import secrets
from importlib.metadata import version
from typing import Final

from zu_backends.monitors.canary_contents import make_canaries
from zu_cli.gating.request import Request
from zu_cli.gating.search_path import search_path
from zu_core.contracts import BoxSpec, Limits, Mount
from zu_redteam.mcp.patience import Patience
from zu_redteam.run.options import GateOptions

_PROGRAM_SECONDS: Final = 300.0


def box_of(request: Request) -> BoxSpec:
    """The box for the target, with fresh canaries."""
    named = tuple(Mount(path=str(path), reason="named by --mount") for path in request.mounts)
    return BoxSpec(
        envelope=request.declared.envelope,
        limits=Limits(wall_seconds=max(_PROGRAM_SECONDS, request.whole_seconds)),
        mounts=(*request.installation.mounts, *named),
        canaries=make_canaries(secrets.token_bytes),
        environment=(*search_path(request.installation), *request.environment),
        workspace="" if request.workspace is None else str(request.workspace),
    )


def options_of(request: Request) -> GateOptions:
    """What the driver is asked for."""
    return GateOptions(
        cases=request.cases,
        seed=request.seed,
        patience=Patience(call=request.call_seconds),
        whole=request.whole_seconds,
        origin=request.declared.origin,
        version=version("zu-cli"),
        flags=request.again,
    )
