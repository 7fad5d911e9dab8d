"""What was promised of serving, held against what was measured."""

from collections.abc import Callable, Mapping, Sequence
from statistics import median, quantiles
from typing import Final

import served
from report import Target

#: Peer → the most that keepfit may take of its processor time, over 64 connections.
SHARES: Final = {
    served.MLFLOW.name: 1 / 50,
    served.KSERVE.name: 1 / 12,
    served.MLSERVER.name: 1 / 5,
    served.MLSERVER_INSIDE.name: 1 / 5,
    served.LITSERVE.name: 1 / 5,
}
#: The most that keepfit with a LightGBM model, or with compiled trees, may take, in that of the echo server.
TIMES_ECHO: Final = 2.5
#: The most that the median latency over one connection may be, in that of FastAPI with pydantic.
SHARE_OF_FASTAPI: Final = 0.7
#: The most that recording may add.
CAPTURE: Final = 0.10

#: (connections, what) → the median of the turns.
Figure = Callable[[int, str], float]


def targets(figures: Mapping[str, Figure]) -> list[Target]:
    """Those that this run can judge: of every contender that was measured."""
    ours = figures.get(served.KEEPFIT.name)
    if ours is None:
        return [Target(says="keepfit runs", measured="it does not", met=False)]
    found = [
        _at_most(f"CPU at most 1/{1 / share:g} of {name}'s", 1 / share, figures[name](64, "cpu_us"), ours)
        for name, share in SHARES.items()
        if name in figures
    ]
    return [*found, *_others(figures, ours)]


def _at_most(says: str, least: float, theirs: float, ours: Figure) -> Target:
    times = theirs / ours(64, "cpu_us")
    return Target(says=f"{says}, 64 connections", measured=f"1/{times:.3g}", met=times >= least)


def _others(figures: Mapping[str, Figure], ours: Figure) -> list[Target]:
    found = []
    for name in (served.LIGHTGBM.name, served.COMPILED.name):
        if name in figures and served.ECHO.name in figures:
            times = figures[name](64, "cpu_us") / figures[served.ECHO.name](64, "cpu_us")
            found.append(
                Target(
                    says=f"{name}: CPU at most {TIMES_ECHO} times the echo server's, 64 connections",
                    measured=f"{times:.2f} times",
                    met=times <= TIMES_ECHO,
                )
            )
    if served.FASTAPI.name in figures:
        share = ours(1, "p50_ms") / figures[served.FASTAPI.name](1, "p50_ms")
        found.append(
            Target(
                says=f"p50 at most {SHARE_OF_FASTAPI} of {served.FASTAPI.name}'s, 1 connection",
                measured=f"{share:.2f}",
                met=share <= SHARE_OF_FASTAPI,
            )
        )
    return found


def capture_target(added: Sequence[float]) -> Target:
    """Of pairs of measurements, with recording and without: what it adds, as shares."""
    middle = median(added)
    low, high = quantiles(added, n=4)[::2]
    return Target(
        says=f"recording costs at most {CAPTURE:.0%} of CPU, 16 connections",
        measured=f"{middle:.1%} (half of {len(added)} pairs: {low:.1%} to {high:.1%})",
        met=middle <= CAPTURE,
    )
