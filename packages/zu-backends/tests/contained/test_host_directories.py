"""Directories of the host in a box: what may be written, as whom, and what does nothing there."""

import os
from dataclasses import replace as _unused  # noqa: F401

import msgspec
import pytest

from zu_core.contracts import Limits, Mount
from zu_core.errors import Unavailable
from zu_core.events import BoxProbed, BoxStarted, OpenedForWrite

from .conftest import SPEC
