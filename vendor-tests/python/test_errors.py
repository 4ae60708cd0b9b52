"""The SDK's error classes and their members, for the errors that organizations give (auth.md 8.3, management.md 0.9)."""

import json
import unittest
from http import HTTPStatus

from grpc import StatusCode
from support import Server, refused, violations

from scalekit.common.exceptions import (
    ScalekitBadRequestException,
    ScalekitConflictException,
    ScalekitNotFoundException,
    ScalekitUnauthorizedException,
)
from scalekit.v1.commons.commons_pb2 import TimeUnit
from scalekit.v1.organizations.organizations_pb2 import (
    CreateOrganization,
    Feature,
    SessionPolicyType,
    UpdateOrganization,
)

BAD_REQUEST = {
    "kind": ScalekitBadRequestException,
    "grpc_status": StatusCode.INVALID_ARGUMENT,
    "http_status": HTTPStatus.BAD_REQUEST,
    "error_code": "INVALID_ARGUMENT",
}
NOT_FOUND = {
    "kind": ScalekitNotFoundException,
    "grpc_status": StatusCode.NOT_FOUND,
    "http_status": HTTPStatus.NOT_FOUND,
    "error_code": "NOT_FOUND",
}
CONFLICT = {
    "kind": ScalekitConflictException,
    "grpc_status": StatusCode.ALREADY_EXISTS,
    "http_status": HTTPStatus.CONFLICT,
    "error_code": "ALREADY_EXISTS",
}
UNKNOWN_ID = "org_100000000000000001"


class Errors(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server()
        cls.addClassCleanup(cls.server.stop)
        cls.organizations = cls.server.client().organization
        cls.acme = cls.create("Acme", external_id="crm-7", slug="acme")

    @classmethod
    def create(cls, name, **options):
        response, _ = cls.organizations.create_organization(CreateOrganization(display_name=name, **options))
        return response.organization

    def get(self, organization_id):
        return self.organizations.get_organization(organization_id)[0].organization

    def test_an_unknown_id_is_not_found_by_every_method_that_takes_one(self):
        use = self.organizations
        calls = {
            "get": lambda: use.get_organization(UNKNOWN_ID),
            "update": lambda: use.update_organization(UNKNOWN_ID, UpdateOrganization(display_name="x")),
            "delete": lambda: use.delete_organization(UNKNOWN_ID),
            "portal link": lambda: use.generate_portal_link(UNKNOWN_ID),
            "settings": lambda: use.update_organization_settings(UNKNOWN_ID, [{"name": "sso", "enabled": True}]),
            "user limit": lambda: use.upsert_user_management_settings(UNKNOWN_ID, 1),
            "policy": lambda: use.get_organization_session_policy(UNKNOWN_ID),
            "new policy": lambda: use.update_organization_session_policy(UNKNOWN_ID, SessionPolicyType.APPLICATION),
            "external id": lambda: use.get_organization_by_external_id("nobody"),
        }
        for name, call in calls.items():
            with self.subTest(name):
                refused(self, call, **NOT_FOUND)

    def test_an_organization_of_another_environment_is_not_found(self):
        with Server() as other:
            new = CreateOrganization(display_name="Foreign")
            foreign = other.client().organization.create_organization(new)[0].organization
            refused(self, lambda: self.organizations.get_organization(foreign.id), **NOT_FOUND)

    def test_a_name_that_is_empty_or_too_long_names_the_field_and_the_rule(self):
        for name, rule in (("", "string.min_len"), ("x" * 201, "string.max_len")):
            with self.subTest(rule):
                error = refused(self, lambda name=name: self.create(name), **BAD_REQUEST)
                self.assertEqual(violations(error), [("organization.display_name", rule)])
                change = UpdateOrganization(display_name=name)
                error = refused(
                    self, lambda change=change: self.organizations.update_organization(self.acme.id, change), **BAD_REQUEST
                )
                self.assertEqual(violations(error), [("organization.display_name", rule)])
        self.create("ä" * 200)

    def test_metadata_has_limits_on_its_number_keys_and_values(self):
        tries = (
            {f"key{n}": "v" for n in range(11)},
            {"ab": "short key"},
            {"k" * 26: "long key"},
            {"key": ""},
            {"key": "v" * 257},
        )
        for metadata in tries:
            with self.subTest(metadata):
                error = refused(self, lambda metadata=metadata: self.create("x", metadata=metadata), **BAD_REQUEST)
                self.assertTrue(violations(error)[0][0].startswith("organization.metadata"), violations(error))

    def test_an_id_of_another_kind_of_no_kind_or_too_long_is_a_bad_request(self):
        for bad in ("usr_100000000000000001", "nonsense", "org_" + "1" * 29):
            with self.subTest(bad):
                refused(self, lambda bad=bad: self.organizations.get_organization(bad), **BAD_REQUEST)
        error = refused(self, lambda: self.organizations.generate_portal_link("usr_1"), **BAD_REQUEST)
        self.assertEqual(violations(error), [("id", "string.prefix")])

    def test_a_taken_external_id_or_slug_is_a_conflict_that_names_it(self):
        refused(self, lambda: self.create("Acme 2", external_id="crm-7"), message="(?i)external", **CONFLICT)
        refused(self, lambda: self.create("Acme 3", slug="acme"), message="(?i)slug", **CONFLICT)

    def test_an_unknown_feature_is_a_bad_request_and_changes_none(self):
        settings = [{"name": "sso", "enabled": True}, {"name": "teleport", "enabled": True}]
        change = lambda: self.organizations.update_organization_settings(self.acme.id, settings)  # noqa: E731
        refused(self, change, **BAD_REQUEST)
        self.assertEqual(self.get(self.acme.id), self.acme)

    def test_a_portal_link_for_a_disabled_feature_is_a_bad_request(self):
        ask = lambda: self.organizations.generate_portal_link(self.acme.id, features=[Feature.dir_sync])  # noqa: E731
        refused(self, ask, **BAD_REQUEST)

    def test_a_custom_session_policy_has_to_be_ordered(self):
        change = lambda: self.organizations.update_organization_session_policy(  # noqa: E731
            self.acme.id,
            SessionPolicyType.CUSTOM,
            absolute_session_timeout=60,
            absolute_session_timeout_unit=TimeUnit.MINUTES,
            idle_session_timeout_enabled=True,
            idle_session_timeout=2,
            idle_session_timeout_unit=TimeUnit.HOURS,
        )
        refused(self, change, **BAD_REQUEST)

    def test_texts_with_characters_beyond_ascii_keep_their_details(self):
        settings = [{"name": "téléport 🚀", "enabled": True}]
        error = refused(
            self, lambda: self.organizations.update_organization_settings(self.acme.id, settings), **BAD_REQUEST
        )
        self.assertNotRegex(error.message, "\ufffd|%[0-9A-F]{2}")

    def test_a_wrong_secret_is_refused_with_401_and_says_invalid_client(self):
        # For a plain HTTP failure the SDK keeps the reason phrase and the body instead of details.
        for wrong in ({"SCALEKIT_CLIENT_SECRET": "wrong"}, {"SCALEKIT_CLIENT_ID": "skc_100000000000000001"}):
            with self.subTest(wrong), self.assertRaises(ScalekitUnauthorizedException) as caught:
                self.server.client(**wrong)
            error = caught.exception
            self.assertEqual(error.http_status, HTTPStatus.UNAUTHORIZED)
            self.assertEqual(error.grpc_status, StatusCode.UNAUTHENTICATED)
            self.assertEqual(error.error_code, "Unauthorized")
            self.assertEqual(json.loads(error.err_details)["error"], "invalid_client")


if __name__ == "__main__":
    unittest.main()
