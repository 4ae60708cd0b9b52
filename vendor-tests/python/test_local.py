"""What the SDK does by itself, with the credentials that the server wrote: URLs and signatures (auth.md 8.4, 8.7, 8.10)."""

import json
import unittest
from datetime import datetime
from unittest import mock
from urllib.parse import parse_qsl, urlsplit

from support import Server

from scalekit.common.exceptions import WebhookVerificationError
from scalekit.common.scalekit import AuthorizationUrlOptions, LogoutUrlOptions

SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
BODY = '{"a":1}'
SIGNED_AT = 1767225600
SIGNATURE = "v1,0Ud8OcCNFjx1ntpzsrZcFsX85Gq5zrTv2y1pQkuKzNI="


def clock(seconds):
    """The SDK's `datetime` with its `now` stopped."""

    class Stopped(datetime):
        @classmethod
        def now(cls, tz=None):
            return cls.fromtimestamp(seconds, tz)

    return mock.patch("scalekit.client.datetime", Stopped)


class Local(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server()
        cls.addClassCleanup(cls.server.stop)
        cls.client = cls.server.client()
        with cls.server.get("/.well-known/openid-configuration") as response:
            cls.discovery = json.load(response)

    def test_the_authorization_url_points_at_the_discovered_endpoint_with_each_option(self):
        options = AuthorizationUrlOptions()
        given = {
            "state": "st",
            "nonce": "no",
            "login_hint": "dana@globex.test",
            "domain_hint": "globex.test",
            "connection_id": "conn_1",
            "organization_id": "org_1",
            "provider": "google",
            "prompt": "login",
        }
        for name, value in given.items():
            setattr(options, name, value)
        url = urlsplit(self.client.get_authorization_url("https://app.test/callback", options))
        self.assertEqual(url._replace(query="").geturl(), self.discovery["authorization_endpoint"])
        fixed = {
            "response_type": "code",
            "client_id": self.server.credentials["SCALEKIT_CLIENT_ID"],
            "redirect_uri": "https://app.test/callback",
            "scope": "openid profile email",
        }
        self.assertEqual(dict(parse_qsl(url.query)), {**fixed, **given})

    def test_the_logout_url_points_at_the_discovered_endpoint(self):
        options = LogoutUrlOptions(id_token_hint="t", post_logout_redirect_uri="https://app.test/", state="s")
        query = "id_token_hint=t&post_logout_redirect_uri=https%3A%2F%2Fapp.test%2F&state=s"
        endpoint = self.discovery["end_session_endpoint"]
        self.assertEqual(self.client.get_logout_url(options), f"{endpoint}?{query}")

    def test_the_test_vector_of_a_signature_is_accepted_and_nothing_near_it(self):
        for kind in ("webhook", "interceptor"):
            verify = getattr(self.client, f"verify_{kind}_payload")
            headers = {f"{kind}-id": "msg_1", f"{kind}-timestamp": str(SIGNED_AT), f"{kind}-signature": SIGNATURE}
            with self.subTest(kind):
                with clock(SIGNED_AT):
                    self.assertTrue(verify(SECRET, headers, BODY))
                    self.assertTrue(verify(SECRET, headers, BODY.encode()))
                    for bad_headers, body, text in (
                        (headers, '{"a":2}', "Invalid signature"),
                        ({**headers, f"{kind}-id": "msg_2"}, BODY, "Invalid signature"),
                        ({**headers, f"{kind}-timestamp": "soon"}, BODY, "Invalid Signature Headers"),
                        ({}, BODY, "Missing required headers"),
                    ):
                        with self.assertRaisesRegex(WebhookVerificationError, text):
                            verify(SECRET, bad_headers, body)
                with clock(SIGNED_AT + 301), self.assertRaisesRegex(WebhookVerificationError, "too old"):
                    verify(SECRET, headers, BODY)
                with clock(SIGNED_AT - 301), self.assertRaisesRegex(WebhookVerificationError, "too new"):
                    verify(SECRET, headers, BODY)


if __name__ == "__main__":
    unittest.main()
