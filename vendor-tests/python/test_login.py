"""Signing in with the vendor's SDK: authorization URL, code, tokens, refresh, logout (auth.md 8.4 to 8.7)."""

import base64
import json
import unittest
import urllib.request

from browser import Browser
from support import Server, free_port

from scalekit.common.exceptions import ScalekitServerException
from scalekit.common.scalekit import (
    AuthorizationUrlOptions,
    CodeAuthenticationOptions,
    LogoutUrlOptions,
    TokenValidationOptions,
)
from scalekit.v1.organizations.organizations_pb2 import CreateOrganization
from scalekit.v1.users.users_pb2 import CreateUser

CALLBACK = "https://app.acme.test/callback"
BYE = "https://app.acme.test/bye"
SCOPES = ["openid", "profile", "email", "offline_access"]


def claims(token: str) -> dict:
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


class Login(unittest.TestCase):
    users = 0

    @classmethod
    def setUpClass(cls):
        cls.server = Server(metrics=f"127.0.0.1:{free_port()}")
        cls.addClassCleanup(cls.server.stop)
        cls.client = cls.server.client()
        answer = cls.client.organization.create_organization(CreateOrganization(display_name="Acme", external_id="crm-7"))
        cls.acme = answer[0].organization.id
        cls.client_id = cls.server.credentials["SCALEKIT_CLIENT_ID"]
        cls.call("POST", "/api/v1/environment/redirect-uris", {"redirect_uri": CALLBACK})
        cls.call("PATCH", f"/api/v1/clients/{cls.client_id}", {"post_logout_redirect_uris": [BYE]})

    @classmethod
    def call(cls, method: str, path: str, body: dict):
        """What the SDK has no method for."""
        token = cls.client.generate_client_token(cls.client_id, cls.server.credentials["SCALEKIT_CLIENT_SECRET"])
        headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
        request = urllib.request.Request(cls.server.url + path, json.dumps(body).encode(), headers, method=method)
        with urllib.request.urlopen(request, timeout=5, context=cls.server.context()) as answer:
            return json.loads(answer.read())

    def authorization_url(self) -> str:
        options = AuthorizationUrlOptions()
        options.scopes, options.state, options.nonce = SCOPES, "st 1", "n-1"
        return self.client.get_authorization_url(CALLBACK, options)

    def code(self, browser=None) -> str:
        """Makes a user, signs her in, and answers with the code."""
        # Everybody gets two mails a minute at the most.
        Login.users += 1
        email = f"dana{Login.users}@acme.test"
        user = CreateUser(email=email)
        self.client.users.create_user_and_membership(self.acme, user, send_invitation_email=False)
        done = (browser or Browser(self.server)).sign_in(self.authorization_url(), email)
        self.assertTrue(done.away.startswith(f"{CALLBACK}?"), done)
        self.assertEqual((done.parameter("state"), done.parameter("error")), ("st 1", None))
        return done.parameter("code")

    def authenticate(self, code: str) -> dict:
        return self.client.authenticate_with_code(code, CALLBACK, CodeAuthenticationOptions())

    def test_a_code_gives_the_user_and_tokens_once(self):
        code = self.code()
        result = self.authenticate(code)
        identity, access = claims(result["id_token"]), claims(result["access_token"])
        self.assertEqual(result["user"]["id"], access["sub"])
        self.assertEqual((result["organization_id"], access["oid"], access["xoid"]), (self.acme, self.acme, "crm-7"))
        self.assertRegex(result["connection_id"], r"^conn_\d+$")
        self.assertEqual((identity["nonce"], identity["sid"], access["roles"]), ("n-1", access["sid"], ["member"]))
        self.assertTrue(290 < result["expires_in"] <= 300, result["expires_in"])
        wanted = TokenValidationOptions(self.server.url, [self.client_id], ["email"])
        self.assertTrue(self.client.validate_access_token(result["access_token"], wanted))
        got = self.client.validate_access_token_and_get_claims(result["access_token"], wanted)
        self.assertEqual(got["sub"], access["sub"])
        other = TokenValidationOptions(required_scopes=["orders:read"])
        self.assertFalse(self.client.validate_access_token(result["access_token"], other))
        with self.assertRaises(ScalekitServerException):
            self.authenticate(code)

    def test_a_refresh_gives_new_tokens_and_an_old_one_ends_the_family(self):
        first = self.authenticate(self.code())["refresh_token"]
        second = self.client.refresh_access_token(first)
        self.assertNotEqual(second["refresh_token"], first)
        self.assertTrue(self.client.validate_access_token(second["access_token"]))
        again = self.client.refresh_access_token(first)
        self.assertEqual(again["refresh_token"], second["refresh_token"])
        self.client.refresh_access_token(second["refresh_token"])
        for token in [first, second["refresh_token"], "rt_unknown"]:
            with self.assertRaises(ScalekitServerException):
                self.client.refresh_access_token(token)

    def test_logout_ends_the_session(self):
        browser = Browser(self.server)
        result = self.authenticate(self.code(browser))
        # With the session, nobody is asked again.
        self.assertIsNotNone(browser.open(self.authorization_url()).parameter("code"))
        url = self.client.get_logout_url(LogoutUrlOptions(result["id_token"], BYE, "x 1"))
        done = browser.open(url)
        self.assertEqual((done.away.split("?")[0], done.parameter("state")), (BYE, "x 1"))
        with self.assertRaises(ScalekitServerException):
            self.client.refresh_access_token(result["refresh_token"])
        [session, _] = self.client.sessions.get_session(claims(result["access_token"])["sid"])
        self.assertEqual(session.status, "logout")


if __name__ == "__main__":
    unittest.main()
