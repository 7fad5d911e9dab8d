"""Statuses."""

import orjson

from keepfit.web.grpc.codes import CODES, said
from keepfit.web.message import Reply
from keepfit.web.statuses import STATUSES


def test_every_status_of_http_has_a_code():
    """So that none is told as an internal error by mistake."""
    assert set(STATUSES.values()) <= set(CODES)


def test_long_messages_are_cut_short():
    """Between two characters: a header has its limit."""
    text = said(Reply(body=orjson.dumps({"error": "ä" * 5_000})))
    assert text == "ä" * 1_000
