"""PATH of a target whose scripts look for interpreters that are not in the usual places."""

import os

from zu_backends.boxes.installation import Installation
from zu_backends.contained.assembly import PATH


def search_path(installation: Installation) -> tuple[tuple[str, str], ...]:
    """The variable PATH for `installation`; empty where the box's own will do."""
    if not installation.search_path:
        return ()
    program = os.path.dirname(installation.argv[0])
    return (("PATH", ":".join((*installation.search_path, program, PATH))),)
