"""Where a server is."""

import json

from keepfit.app.server_files import ADDRESS_FILE, remove_address, write_address


def test_an_address_is_there_while_the_server_runs(tmp_path):
    """Whole at any moment; taking it away twice is no harm."""
    write_address(tmp_path, "http://127.0.0.1:1", 7)
    assert json.loads((tmp_path / ADDRESS_FILE).read_text()) == {"address": "http://127.0.0.1:1", "pid": 7}
    for _ in range(2):
        remove_address(tmp_path)
    assert list(tmp_path.iterdir()) == []
