"""Commands to devices: queued, never carried out; whether they apply is told at once (412)."""

from typing import Any, Optional

from ..estate import NOW, Machine
from .rows import milliseconds

# The platforms that independent clients of the live API report as working; None: any.
APPLE_AND_ANDROID = ("ios", "ipados", "android", "macos")
ACTIONS: dict[str, Optional[tuple[str, ...]]] = {
    "scan": None, "lock": APPLE_AND_ANDROID, "corporate_wipe": APPLE_AND_ANDROID,
    "complete_wipe": APPLE_AND_ANDROID, "clear_passcode": APPLE_AND_ANDROID,
    "reset_passcode": APPLE_AND_ANDROID, "remote_alarm": APPLE_AND_ANDROID,
    "fetch_location": APPLE_AND_ANDROID, "enable_lost_mode": ("ios", "ipados"),
    "disable_lost_mode": ("ios", "ipados"), "restart": None, "shutdown": None,
}
PENDING = 1


def refusal(machine: Machine, action: str) -> Optional[tuple[str, str]]:
    if action not in ACTIONS:
        return "COM0007", "The action is not available"
    platforms = ACTIONS[action]
    if platforms is not None and machine.model.platform not in platforms:
        return "CMD0001", "Command not applicable for this device"
    return None


def command(action: str) -> dict[str, Any]:
    return {"command_name": action, "added_time": milliseconds(NOW), "command_status": PENDING,
            "remarks": "", "command_life": [{"status_code": PENDING,
                                             "status_description": "Pending"}]}
