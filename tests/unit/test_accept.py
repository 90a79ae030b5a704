"""Which media type a client gets."""

import pytest

from evalyard_server.graphql_http.accept import negotiate

NEW, OLD, PAGE = "application/graphql-response+json", "application/json", "text/html"


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        ("*/*", NEW),
        ("application/*", NEW),
        (OLD, OLD),
        (PAGE, PAGE),
        ("text/*", PAGE),
        (f"{OLD}, {NEW}", OLD),
        (f"{NEW}, {OLD}", NEW),
        (f"{OLD};q=0.9, {NEW};q=0.8, */*;q=0.1", OLD),
        (f"{OLD}, text/plain, */*", OLD),
        (f"{OLD};q=0.4, */*;q=0.5", NEW),
        (f"*/*;q=0.5, {NEW};q=0", OLD),
        (f"*/*, {NEW};q=0, {OLD};q=0", PAGE),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8", PAGE),
        (" APPLICATION/JSON ; Q=1.0 ; charset=utf-8 ", OLD),
        ("image/png, application/json;q=0.001", OLD),
        ("image/png", None),
        (f"{NEW};q=0", None),
        (f"{NEW};q=much", None),
        ("", None),
        (",;,", None),
    ],
)
def test_the_client_chooses(accept, chosen):
    assert negotiate(accept, (NEW, OLD, PAGE)) == chosen
