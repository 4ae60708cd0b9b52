"""Client-credentials tokens: made, validated, refused, outliving restarts and key rotations (auth.md 3.1, 3.5.1, 8.1, 8.6)."""

import base64
import hashlib
import hmac
import json
import time
import unittest

import grpc
from support import ERROR_INFO, Server

from grpc_status import rpc_status
from scalekit.common.exceptions import ScalekitValidateTokenFailureException
from scalekit.common.scalekit import TokenValidationOptions
from scalekit.v1.organizations.organizations_pb2 import CreateOrganization, ListOrganizationsRequest
from scalekit.v1.organizations.organizations_pb2_grpc import OrganizationServiceStub


def encode(data):
    raw = data if isinstance(data, bytes) else json.dumps(data, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode(token):
    return [json.loads(base64.urlsafe_b64decode(part + "==")) for part in token.split(".")[:2]]


def with_claims(token, **changes):
    header, claims = decode(token)
    return f"{encode(header)}.{encode({**claims, **changes})}.{token.split('.')[2]}"


def with_broken_signature(token):
    head, _, signature = token.rpartition(".")
    broken = bytearray(base64.urlsafe_b64decode(signature + "=="))
    broken[0] ^= 1
    return f"{head}.{encode(bytes(broken))}"


class Tokens(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server()
        cls.addClassCleanup(cls.server.stop)
        cls.client = cls.server.client()
        cls.token = cls.client.get_client_access_token()

    def call_with(self, *tokens):
        """One call with exactly these `authorization` values, below the SDK; returns the refusal, or None."""
        metadata = [("authorization", f"Bearer {token}") for token in tokens]
        with grpc.secure_channel(f"localhost:{self.server.port}", grpc.ssl_channel_credentials()) as channel:
            try:
                OrganizationServiceStub(channel).ListOrganization(
                    ListOrganizationsRequest(), metadata=metadata, timeout=10
                )
            except grpc.RpcError as error:
                return error
        return None

    def assert_unauthenticated(self, error):
        self.assertIsNotNone(error, "accepted")
        self.assertEqual(error.code(), grpc.StatusCode.UNAUTHENTICATED)
        status = rpc_status.from_call(error)
        self.assertEqual([detail.type_url for detail in status.details], [ERROR_INFO])

    def test_a_client_token_has_the_documented_header_and_claims(self):
        use = self.server.credentials
        token = self.client.generate_client_token(use["SCALEKIT_CLIENT_ID"], use["SCALEKIT_CLIENT_SECRET"])
        header, _ = decode(token)
        self.assertEqual((header["alg"], header["typ"]), ("RS256", "JWT"))
        self.assertRegex(header["kid"], r"^snk_[0-9]+$")
        claims = self.client.validate_access_token_and_get_claims(token)
        self.assertEqual(claims["iss"], use["SCALEKIT_ENVIRONMENT_URL"])
        self.assertEqual((claims["sub"], claims["client_id"]), (use["SCALEKIT_CLIENT_ID"],) * 2)
        self.assertIsInstance(claims["aud"], list)
        self.assertTrue(claims["jti"])
        self.assertAlmostEqual(claims["iat"], time.time(), delta=60)
        self.assertTrue(claims["nbf"] == claims["iat"] < claims["exp"])

    def test_each_token_is_a_new_one(self):
        self.assertNotEqual(self.client.get_client_access_token(), self.token)

    def test_validation_holds_a_token_to_issuer_and_audience(self):
        _, claims = decode(self.token)

        def valid(**options):
            return self.client.validate_access_token(self.token, options=TokenValidationOptions(**options))

        self.assertTrue(self.client.validate_access_token(self.token))
        self.assertTrue(valid(issuer=claims["iss"], audience=claims["aud"]))
        self.assertTrue(valid(issuer=["https://other.test", claims["iss"]]))
        self.assertFalse(valid(issuer=claims["iss"] + "/"))
        self.assertFalse(valid(issuer="https://other.test"))
        self.assertFalse(valid(audience=["https://other.test"]))
        with self.assertRaises(ScalekitValidateTokenFailureException):
            options = TokenValidationOptions(issuer="https://other.test")
            self.client.validate_access_token_and_get_claims(self.token, options=options)

    def test_validation_fails_without_a_required_scope(self):
        options = TokenValidationOptions(required_scopes=["orders:read"])
        self.assertFalse(self.client.validate_access_token(self.token, options=options))
        with self.assertRaisesRegex(ScalekitValidateTokenFailureException, "missing required scopes: orders:read"):
            self.client.verify_scopes(self.token, ["orders:read"])

    def test_validation_fails_for_a_tampered_token_and_for_one_that_is_none(self):
        tampered = with_claims(self.token, exp=decode(self.token)[1]["exp"] + 1)
        for bad in (tampered, with_broken_signature(self.token), self.token.rpartition(".")[0], "nonsense", ""):
            with self.subTest(bad):
                self.assertFalse(self.client.validate_access_token(bad))

    def test_the_server_refuses_forged_tokens_as_unauthenticated_with_details(self):
        header, claims = decode(self.token)
        self.client.validate_access_token(self.token)
        pem = self.client.core_client.keys[header["kid"]].encode()
        symmetric = f"{encode({**header, 'alg': 'HS256'})}.{encode(claims)}"
        mac = hmac.new(pem, symmetric.encode(), hashlib.sha256).digest()
        forgeries = {
            "claims changed": with_claims(self.token, sub="skc_1"),
            "signature changed": with_broken_signature(self.token),
            "alg none": f"{encode({**header, 'alg': 'none'})}.{encode(claims)}.",
            "HS256 with the public key": f"{symmetric}.{encode(mac)}",
            "an unknown key": f"{encode({**header, 'kid': 'snk_1'})}.{self.token.partition('.')[2]}",
            "not a token": "nonsense",
        }
        for name, forged in forgeries.items():
            with self.subTest(name):
                self.assert_unauthenticated(self.call_with(forged))
        self.assert_unauthenticated(self.call_with())
        self.assertIsNone(self.call_with(self.token), "the token itself is good")

    def test_of_two_authorization_values_one_stale_one_does_no_harm(self):
        stale = with_broken_signature(self.token)
        self.assertIsNone(self.call_with(self.token, stale))
        self.assertIsNone(self.call_with(stale, self.token))
        self.assert_unauthenticated(self.call_with(stale, stale))

    def test_the_sdks_own_second_authorization_value_may_go_stale(self):
        # The channel keeps the constructor's token for good; the calls send a newer one beside it.
        client = self.server.client()
        client.core_client.access_token = client.get_client_access_token()
        client.organization.create_organization(CreateOrganization(display_name="Two tokens"))
        # The other way round: the call's own token is bad and gets replaced, or the channel's still good one counts.
        client.core_client.access_token = with_broken_signature(self.token)
        client.organization.create_organization(CreateOrganization(display_name="One of them stale"))

    def test_the_token_endpoint_ignores_the_bearer_that_the_sdk_attaches(self):
        client = self.server.client()
        client.core_client.access_token = "stale"
        self.assertTrue(client.validate_access_token(client.get_client_access_token()))

    def test_a_token_of_another_environment_is_worth_nothing_here(self):
        with Server() as other:
            client = other.client()
            foreign = client.get_client_access_token()
            self.assertTrue(client.validate_access_token(foreign))
        self.assertFalse(self.client.validate_access_token(foreign))
        self.assert_unauthenticated(self.call_with(foreign))

    def test_tokens_credentials_and_data_outlive_a_restart(self):
        created, _ = self.client.organization.create_organization(CreateOrganization(display_name="Survivor"))
        credentials = dict(self.server.credentials)
        self.server.restart()
        self.assertEqual(self.server.credentials, credentials)
        self.assertTrue(self.server.client().validate_access_token(self.token))
        self.assertIsNone(self.call_with(self.token))
        # The client from before reconnects by itself.
        stored, _ = self.client.organization.get_organization(created.organization.id)
        self.assertEqual(stored.organization, created.organization)

    def test_tokens_of_the_old_and_the_new_key_are_valid_after_a_rotation(self):
        with Server() as server:
            old = server.client().get_client_access_token()
            server.command("keys", "rotate", "--sign-after", "0")
            # A running server notices by itself; the restart only saves the wait.
            server.restart()
            client = server.client()
            renewed = client.get_client_access_token()
            self.assertNotEqual(decode(old)[0]["kid"], decode(renewed)[0]["kid"])
            self.assertTrue(client.validate_access_token(old))
            self.assertTrue(client.validate_access_token(renewed))
            # Published for now, and parsed by the SDK, but not yet signing.
            server.command("keys", "rotate", "--sign-after", "7d")
            server.restart()
            self.assertEqual(decode(server.client().get_client_access_token())[0]["kid"], decode(renewed)[0]["kid"])
            client = server.client()
            self.assertTrue(client.validate_access_token(renewed))
            self.assertEqual(len(client.core_client.keys), 3)


if __name__ == "__main__":
    unittest.main()
