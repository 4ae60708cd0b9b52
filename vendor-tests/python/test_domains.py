"""Every method of the SDK's domain class (management.md 5 and A.4)."""

import unittest

from support import Server

from scalekit.common.exceptions import (
    ScalekitBadRequestException,
    ScalekitConflictException,
    ScalekitNotFoundException,
)
from scalekit.v1.domains.domains_pb2 import DomainType, VerificationMethod, VerificationStatus
from scalekit.v1.organizations.organizations_pb2 import CreateOrganization


class Domains(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server()
        cls.addClassCleanup(cls.server.stop)
        cls.client = cls.server.client()
        cls.domains = cls.client.domain

    def organization(self, name="Acme"):
        return self.client.organization.create_organization(CreateOrganization(display_name=name))[0].organization.id

    def create(self, organization, name, domain_type=None):
        return self.domains.create_domain(organization, name, domain_type)[0].domain

    def test_an_organization_domain_is_verified_at_once_by_word(self):
        acme = self.organization()
        created = self.create(acme, "Customerdomain-1.com")
        self.assertRegex(created.id, r"^dom_[1-9][0-9]{14,18}$")
        self.assertEqual((created.domain, created.organization_id), ("customerdomain-1.com", acme))
        self.assertEqual(created.domain_type, DomainType.ORGANIZATION_DOMAIN)
        self.assertEqual(created.verification_status, VerificationStatus.VERIFIED)
        self.assertEqual(created.verification_method, VerificationMethod.ADMIN)
        self.assertEqual(self.domains.get_domain(acme, created.id)[0].domain, created)

    def test_lists_filter_by_type_given_as_name_or_number(self):
        acme = self.organization()
        self.create(acme, "one.example", "ORGANIZATION_DOMAIN")
        allowed = self.create(acme, "two.example", "ALLOWED_EMAIL_DOMAIN")
        self.assertEqual(allowed.verification_status, VerificationStatus.AUTO_VERIFIED)

        def names(*options):
            return [domain.domain for domain in self.domains.list_domains(acme, *options)[0].domains]

        self.assertEqual(names(), ["two.example", "one.example"])
        self.assertEqual(names("ALLOWED_EMAIL_DOMAIN"), ["two.example"])
        self.assertEqual(names(DomainType.ORGANIZATION_DOMAIN), ["one.example"])

    def test_a_deleted_domain_is_gone(self):
        acme = self.organization()
        created = self.create(acme, "gone.example")
        self.domains.delete_domain(acme, created.id)
        for method in (self.domains.get_domain, self.domains.delete_domain):
            with self.assertRaises(ScalekitNotFoundException):
                method(acme, created.id)

    def test_what_cannot_be_added_is_a_bad_request_or_a_conflict_with_another_organization(self):
        acme = self.organization()
        self.create(acme, "taken.example")
        for name in ("taken.example", "gmail.com", "mailinator.com", "co.uk", "https://acme.example", "192.0.2.1"):
            with self.assertRaises(ScalekitBadRequestException, msg=name):
                self.create(acme, name)
        with self.assertRaises(ScalekitConflictException):
            self.create(self.organization("Other"), "taken.example")
