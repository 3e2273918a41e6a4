"""Model providers of Zu: the policy's side of the loop."""

from zu_providers.scripted import ScriptedProvider

__all__ = ["ScriptedProvider"]
