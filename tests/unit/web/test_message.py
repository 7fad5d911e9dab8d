"""What a request says of its body."""

import pytest

from keepfit.web.message import Request, json_reply


@pytest.mark.parametrize(
    ("content_type", "media_type", "charset"),
    [
        ("application/json", "application/json", "utf-8"),
        ('Application/JSON; charset="ISO-8859-1"', "application/json", "iso-8859-1"),
        ("text/csv; header=present; charset=UTF-8", "text/csv", "utf-8"),
        ("", "", "utf-8"),
    ],
)
def test_the_content_type_is_read(content_type, media_type, charset):
    """Its type and its charset, in small letters."""
    request = Request(method="POST", path="/", headers={"content-type": content_type})
    assert request.content_type == (media_type, charset)


def test_a_json_reply():
    """One value."""
    assert json_reply({"live": True}).body == b'{"live":true}'
