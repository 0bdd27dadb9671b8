"""How two sets of settings differ, in words."""

from typing import Any


def differences(before: Any, now: Any, key: str = "") -> list[str]:
    """One text per setting that differs, as "optimizer.gamma=1 (before: 10)"."""
    if isinstance(before, dict) and isinstance(now, dict):
        inner = f"{key}." if key else ""
        return [
            text
            for name in {**before, **now}
            for text in differences(before.get(name), now.get(name), f"{inner}{name}")
        ]
    return (
        [] if before == now else [f"{key or 'settings'}={_shown(now)} (before: {_shown(before)})"]
    )


def _shown(value):
    return f"{value:.6g}" if isinstance(value, float) else value
