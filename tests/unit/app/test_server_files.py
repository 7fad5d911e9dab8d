"""Where a server is."""

import json

from keepfit.app.server_files import (
    ADDRESS_FILE,
    Addresses,
    read_addresses,
    remove_addresses,
    write_addresses,
)


def test_an_address_is_there_while_the_server_runs(tmp_path):
    """Whole at any moment; taking it away twice is no harm."""
    assert read_addresses(tmp_path) is None
    write_addresses(tmp_path, Addresses(http="http://127.0.0.1:1"), 7)
    assert json.loads((tmp_path / ADDRESS_FILE).read_text()) == {"address": "http://127.0.0.1:1", "pid": 7}
    assert read_addresses(tmp_path) == Addresses(http="http://127.0.0.1:1")
    for _ in range(2):
        remove_addresses(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_where_grpc_is_spoken_is_told_too(tmp_path):
    """As its clients take it."""
    both = Addresses(http="http://127.0.0.1:1", grpc="127.0.0.1:2")
    write_addresses(tmp_path, both, 7)
    assert read_addresses(tmp_path) == both
    assert json.loads((tmp_path / ADDRESS_FILE).read_text())["grpc"] == "127.0.0.1:2"
