"""Machine clients of organizations (management.md 10.1), with the tokens that they get."""

import unittest

from support import Server

from scalekit.common.exceptions import ScalekitBadRequestException, ScalekitNotFoundException
from scalekit.v1.clients.clients_pb2 import CustomClaim, OrganizationClient
from scalekit.v1.organizations.organizations_pb2 import CreateOrganization


class MachineClients(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server()
        cls.addClassCleanup(cls.server.stop)
        cls.client = cls.server.client()
        cls.m2m = cls.client.m2m_client
        cls.acme = cls.organization("Acme")

    @classmethod
    def organization(cls, name):
        response, _ = cls.client.organization.create_organization(CreateOrganization(display_name=name))
        return response.organization.id

    def create(self, organization=None, **values):
        response, _ = self.m2m.create_organization_client(organization or self.acme, OrganizationClient(**values))
        return response

    def get(self, client_id):
        return self.m2m.get_organization_client(self.acme, client_id)[0].client

    def test_create_stores_each_value(self):
        values = {
            "name": "Nightly batch",
            "description": "Runs at night",
            "scopes": ["z:read", "a:write"],
            "audience": ["https://b.test", "https://a.test"],
            "custom_claims": [CustomClaim(key="team", value="logistics")],
            "expiry": 600,
        }
        made = self.create(**values)
        self.assertRegex(made.client.client_id, r"^m2morg_[0-9]+$")
        for name, value in values.items():
            stored = getattr(made.client, name)
            self.assertEqual(list(stored) if isinstance(value, list) else stored, value, name)
        self.assertEqual(len(made.client.secrets), 1)
        self.assertTrue(made.plain_secret.endswith(made.client.secrets[0].secret_suffix))
        self.assertEqual(self.get(made.client.client_id), made.client)

    def test_an_update_leaves_what_is_empty(self):
        made = self.create(name="A", scopes=["a", "b"], expiry=600).client
        change = OrganizationClient(scopes=["c"])
        changed = self.m2m.update_organization_client(self.acme, made.client_id, change)[0].client
        self.assertEqual((changed.name, list(changed.scopes), changed.expiry), ("A", ["c"], 600))

    def test_secrets_are_rotated(self):
        made = self.create(name="Rotating")
        client_id, first = made.client.client_id, made.client.secrets[0].id
        with self.assertRaises(ScalekitBadRequestException) as refused:
            self.m2m.remove_organization_client_secret(self.acme, client_id, first)
        self.assertIn("last client cannot be deleted", str(refused.exception))
        added = self.m2m.add_organization_client_secret(self.acme, client_id)[0]
        self.m2m.remove_organization_client_secret(self.acme, client_id, first)
        self.assertEqual([secret.id for secret in self.get(client_id).secrets], [added.secret.id])
        self.assertTrue(self.client.generate_client_token(client_id, added.plain_secret))

    def test_lists_have_pages(self):
        organization = self.organization("Paged")
        for name in ("1", "2", "3"):
            self.create(organization, name=name)
        page = self.m2m.list_organization_clients(organization, page_size=2)[0]
        self.assertEqual((page.total_size, [client.name for client in page.clients]), (3, ["3", "2"]))
        last = self.m2m.list_organization_clients(organization, page_size=2, page_token=page.next_page_token)[0]
        self.assertEqual(([client.name for client in last.clients], last.next_page_token), (["1"], ""))

    def test_what_is_not_there_is_not_found(self):
        made = self.create(name="Gone").client
        self.m2m.delete_organization_client(self.acme, made.client_id)
        with self.assertRaises(ScalekitNotFoundException):
            self.get(made.client_id)
        with self.assertRaises(ScalekitNotFoundException):
            self.create("org_1", name="X")


if __name__ == "__main__":
    unittest.main()
