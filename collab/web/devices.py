"""The words by which people know their devices, out of what browsers say of themselves."""

from __future__ import annotations

from flask_babel import gettext as _

BROWSERS = (("MicroMessenger", "微信 WeChat"), ("Edg/", "Edge"), ("OPR/", "Opera"),
            ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))  # fmt: skip
SYSTEMS = (("HarmonyOS", "HarmonyOS"), ("Windows", "Windows"), ("Android", "Android"),
           ("iPhone", "iPhone"), ("iPad", "iPad"), ("Mac OS", "macOS"),
           ("Linux", "Linux"))  # fmt: skip


def device(agent: str) -> str:
    """Browser and system in a few words, such as "Firefox · Windows"."""
    found = [
        next((name for mark, name in table if mark in agent), "") for table in (BROWSERS, SYSTEMS)
    ]
    words = " · ".join(word for word in found if word)
    return words or agent[:40] or _("未知设备")
