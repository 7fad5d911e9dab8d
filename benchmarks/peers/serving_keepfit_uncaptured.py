"""`keepfit serve` as it is, but for a capture log that writes nothing. Arguments: port, workspace.

What writing costs is the difference. Only the log's `append` is replaced: frames are made as ever.
"""

import os
import sys

from keepfit.adapters.capture_log import CaptureWriter
from keepfit.cli import main
from keepfit.predictions.capture_codec import Frame


def forget(log: CaptureWriter, frame: Frame) -> None:
    """Takes a frame and keeps nothing."""


if __name__ == "__main__":
    os.chdir(sys.argv[2])
    CaptureWriter.append = forget  # type: ignore[method-assign]
    sys.argv = ["keepfit", "serve", "--port", sys.argv[1]]
    main()
