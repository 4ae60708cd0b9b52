"""A login on the hosted pages, and what the SDK does with what comes of it (auth.md 8.4 to 8.7)."""

import json
import unittest
import urllib.parse
import urllib.request

from support import Server, free_port

from browser import Browser, Shown
from inbox import code_to
from scalekit.common.exceptions import ScalekitBadRequestException
from scalekit.common.scalekit import (
    AuthorizationUrlOptions,
    CodeAuthenticationOptions,
    LogoutUrlOptions,
    TokenValidationOptions,
)

CALLBACK = "https://app.example/callback"
SIGNED_OUT = "https://app.example/"
ADA = "ada@analytical.example"
SCOPES = ["openid", "profile", "email", "offline_access"]


class Login(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(metrics=f"127.0.0.1:{free_port()}")
        cls.addClassCleanup(cls.server.stop)
        cls.client = cls.server.client()
        cls.register()

    @classmethod
    def register(cls):
        """The addresses of an application; the SDK has no method for them."""
        client_id = cls.server.credentials["SCALEKIT_CLIENT_ID"]
        uris = {"post_login_uris": [CALLBACK], "post_logout_redirect_uris": [SIGNED_OUT]}
        headers = {"authorization": f"Bearer {cls.client.get_client_access_token()}", "content-type": "application/json"}
        url = f"{cls.server.url}/api/v1/clients/{client_id}"
        request = urllib.request.Request(url, json.dumps(uris).encode(), headers, method="PATCH")
        with urllib.request.urlopen(request, timeout=5, context=cls.server.tls()) as response:
            assert response.status == 201, response.status

    def browser(self) -> Browser:
        return Browser(self.server.url, self.server.tls())

    def authorize(self, **options) -> str:
        wanted = AuthorizationUrlOptions()
        for name, value in {"scopes": SCOPES, "state": "s&t=1", **options}.items():
            setattr(wanted, name, value)
        return self.client.get_authorization_url(CALLBACK, wanted)

    def sign_up(self, browser: Browser, email: str, company: str, **options) -> Shown:
        page = browser.open(self.authorize(prompt="create", **options))
        page = browser.submit(page, "/a/auth/email", email=email)
        page = browser.submit(page, "/a/auth/code", code=code_to(self.server.metrics, email))
        names = {"given_name": "Ada", "family_name": "Lovelace"}
        arrived = browser.submit(page, "/a/auth/create", organization_name=company, **names)
        self.assertTrue((arrived.away or "").startswith(CALLBACK), arrived)
        self.assertEqual(arrived.params["state"], "s&t=1")
        return arrived

    def test_from_the_hosted_page_to_tokens_and_their_refresh(self):
        browser = self.browser()
        arrived = self.sign_up(browser, ADA, "Analytical", nonce="n-1")
        login = self.client.authenticate_with_code(arrived.params["code"], CALLBACK, CodeAuthenticationOptions())
        self.assertEqual((login["user"]["email"], login["user"]["name"]), (ADA, "Ada Lovelace"))
        self.assertRegex(login["user"]["id"], r"^usr_\d+$")
        self.assertRegex(login["organization_id"], r"^org_\d+$")
        self.assertRegex(login["connection_id"], r"^conn_\d+$")
        self.assertGreater(login["expires_in"], 0)

        audience = [self.server.credentials["SCALEKIT_CLIENT_ID"]]
        checks = TokenValidationOptions(issuer=self.server.url, audience=audience, required_scopes=["email"])
        self.assertTrue(self.client.validate_access_token(login["access_token"]))
        self.assertTrue(self.client.validate_access_token(login["access_token"], options=checks))
        for bad in (
            TokenValidationOptions(audience=["somebody else"]),
            TokenValidationOptions(issuer="https://other.example"),
            TokenValidationOptions(required_scopes=["orders:read"]),
        ):
            self.assertFalse(self.client.validate_access_token(login["access_token"], options=bad))
        self.assertFalse(self.client.validate_access_token(login["access_token"] + "A"))
        claims = self.client.validate_token(login["access_token"])
        self.assertEqual((claims["roles"], claims["oid"]), (["admin"], login["organization_id"]))

        fresh = self.client.refresh_access_token(login["refresh_token"])
        self.assertEqual(self.client.validate_token(fresh["access_token"])["sid"], claims["sid"])
        self.assertNotEqual(fresh["refresh_token"], login["refresh_token"])

    def test_the_logout_ends_the_session(self):
        browser = self.browser()
        arrived = self.sign_up(browser, "grace@navy.example", "Navy")
        login = self.client.authenticate_with_code(arrived.params["code"], CALLBACK, CodeAuthenticationOptions())
        out = LogoutUrlOptions(id_token_hint=login["id_token"], post_logout_redirect_uri=SIGNED_OUT, state="bye")
        left = browser.open(self.client.get_logout_url(out))
        self.assertEqual(left.away, f"{SIGNED_OUT}?state=bye")
        with self.assertRaises(ScalekitBadRequestException) as refused:
            self.client.refresh_access_token(login["refresh_token"])
        self.assertEqual(refused.exception.http_status, 400)
        silent = browser.open(self.authorize(prompt="none"))
        self.assertEqual(silent.params["error"], "login_required")

    def test_a_code_is_for_its_own_redirect_uri(self):
        arrived = self.sign_up(self.browser(), "charles@difference.example", "Difference")
        with self.assertRaises(ScalekitBadRequestException):
            other = "https://app.example/other"
            self.client.authenticate_with_code(arrived.params["code"], other, CodeAuthenticationOptions())


if __name__ == "__main__":
    unittest.main()
