"""Changes the champion of a model, as a release does: reads a version's number a line, answers when the route is stored.

A process of its own, so that the load generator never waits for it. Arguments: workspace, model.
"""

import sys
from dataclasses import replace
from pathlib import Path

from keepfit.app.workspace import open_workspace

if __name__ == "__main__":
    releases = open_workspace(Path(sys.argv[1])).ports.releases
    route = releases.route(sys.argv[2])
    print("ready", flush=True)
    for line in sys.stdin:
        releases.set_route(replace(route, champion=int(line)))
        print("stored", flush=True)
