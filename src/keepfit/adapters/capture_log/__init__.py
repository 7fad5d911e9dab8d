"""The capture log on disk: appended by one server, read by whoever drains it.

A log is a row of segment files `<log>-000001.cap`, `<log>-000002.cap`, …, each a sequence of frames
(`keepfit.predictions.capture_codec`). Only the newest segment grows, and only while its writer holds the log's
lock file. A writer opens a new segment when it starts, so that it never appends after what a killed process
left half written; the lock file remembers the last number, so that none is used twice.
"""

from keepfit.adapters.capture_log.reader import CaptureBatch, CaptureReader, SegmentDamage
from keepfit.adapters.capture_log.spool_id import server_log, spool_id
from keepfit.adapters.capture_log.writer import CaptureWriter

__all__ = ["CaptureBatch", "CaptureReader", "CaptureWriter", "SegmentDamage", "server_log", "spool_id"]
