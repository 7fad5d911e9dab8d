"""The workspace's log: what the controller did, and the incidents whose route is `log://`."""

import logging
import time
from pathlib import Path

NAME = "keepfit.log"


def keep_log(state: Path) -> Path:
    """Write what keepfit logs in this process to `state/keepfit.log` as well, times in UTC; the file's path.

    A process is about one workspace: a second call moves the log.
    """
    path = state / NAME
    state.mkdir(parents=True, exist_ok=True)
    logger = logging.getLogger("keepfit")
    for handler in [one for one in logger.handlers if isinstance(one, logging.FileHandler)]:
        logger.removeHandler(handler)
        handler.close()
    handler = logging.FileHandler(path, encoding="utf-8", delay=True)
    formatter = logging.Formatter(
        "%(asctime)s.%(msecs)03dZ %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%S"
    )
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    return path
