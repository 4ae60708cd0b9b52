"""API keys (management.md 10.2)."""

import time
import unittest

from support import Server

from google.protobuf.timestamp_pb2 import Timestamp
from scalekit.common.exceptions import (
    ScalekitBadRequestException,
    ScalekitNotFoundException,
    ScalekitValidateTokenFailureException,
)
from scalekit.v1.organizations.organizations_pb2 import CreateOrganization


class ApiKeys(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server()
        cls.addClassCleanup(cls.server.stop)
        cls.client = cls.server.client()
        cls.keys = cls.client.tokens
        cls.acme = cls.organization("Acme")

    @classmethod
    def organization(cls, name):
        response, _ = cls.client.organization.create_organization(CreateOrganization(display_name=name))
        return response.organization.id

    def test_a_key_is_created_validated_and_invalidated(self):
        expiry = Timestamp(seconds=int(time.time()) + 3600)
        made = self.keys.create_token(self.acme, custom_claims={"team": "ops"}, expiry=expiry, description="CI")
        self.assertRegex(made.token_id, r"^apit_[0-9]+$")
        self.assertEqual((made.token_info.expiry, made.token_info.description), (expiry, "CI"))
        for name in (made.token, made.token_id):
            self.assertEqual(self.keys.validate_token(name).token_info, made.token_info)
        self.keys.invalidate_token(made.token)
        self.keys.invalidate_token(made.token_id)
        for name in (made.token, made.token_id, "nonsense"):
            with self.assertRaises(ScalekitValidateTokenFailureException):
                self.keys.validate_token(name)

    def test_claims_are_merged_by_the_sdk_and_replaced_by_the_server(self):
        made = self.keys.create_token(self.acme, custom_claims={"a": "1", "b": "2"})
        updated = self.keys.update_token(made.token, custom_claims={"b": "", "c": "3"}, description="CI")
        self.assertEqual(dict(updated.token_info.custom_claims), {"a": "1", "c": "3"})
        # At once, or the SDK would merge into what was before.
        updated = self.keys.update_token(made.token, custom_claims={"d": "4"}, description="")
        self.assertEqual(dict(updated.token_info.custom_claims), {"a": "1", "c": "3", "d": "4"})
        self.assertFalse(updated.token_info.HasField("description"))

    def test_lists_have_pages(self):
        organization = self.organization("Paged")
        made = [self.keys.create_token(organization).token_id for _ in range(3)]
        page = self.keys.list_tokens(organization, page_size=2)
        last = self.keys.list_tokens(organization, page_size=2, page_token=page.next_page_token)
        listed = [token.token_id for token in (*page.tokens, *last.tokens)]
        self.assertEqual((page.total_count, listed), (3, made[::-1]))

    def test_what_is_wrong_is_refused(self):
        with self.assertRaises(ScalekitNotFoundException):
            self.keys.create_token("org_1")
        with self.assertRaises(ScalekitBadRequestException):
            self.keys.create_token(self.acme, expiry=Timestamp(seconds=1))
        with self.assertRaises(ScalekitNotFoundException):
            self.keys.invalidate_token("nonsense")


if __name__ == "__main__":
    unittest.main()
