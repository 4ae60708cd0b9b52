"""Clients of resources and their tokens (auth.md 6.5), by the vendor's Python SDK. It cannot create a resource: REST does."""

import json
import ssl
import unittest
import urllib.request

from support import Server

from scalekit.common.exceptions import ScalekitBadRequestException, ScalekitNotFoundException
from scalekit.v1.clients.clients_pb2 import CustomClaim, ResourceClient, ResourceType

MCP = "https://mcp.acme.test/mcp"


class Resources(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server()
        cls.addClassCleanup(cls.server.stop)
        cls.client = cls.server.client()
        cls.resource = cls.client.resources
        for name in ("todo:read", "todo:write", "other"):
            cls.post("/api/v1/permissions", {"name": name, "description": name})
        made = {
            "resource_type": "MCP_SERVER",
            "name": "Todo",
            "resource_uri": MCP,
            "scopes": ["todo:read", "todo:write"],
        }
        cls.id = cls.post("/api/v1/resources", made)["resource"]["id"]

    @classmethod
    def post(cls, path, body):
        headers = {
            "authorization": f"Bearer {cls.client.core_client.access_token}",
            "content-type": "application/json",
        }
        request = urllib.request.Request(cls.server.url + path, json.dumps(body).encode(), headers)
        context = ssl.create_default_context(cafile=str(cls.server.data_dir / "tls" / "ca.pem"))
        with urllib.request.urlopen(request, timeout=5, context=context) as answer:
            return json.load(answer)

    def create(self, **values):
        return self.resource.create_resource_client(self.id, ResourceClient(**values))[0]

    def test_resources_are_read_with_their_scopes(self):
        resource = self.resource.get_resource(self.id)[0].resource
        self.assertEqual((resource.name, resource.resource_uri), ("Todo", MCP))
        self.assertEqual([scope.name for scope in resource.scopes if scope.enabled], ["todo:read", "todo:write"])
        self.assertEqual(len(resource.scopes), 3)
        listed = self.resource.list_resources(ResourceType.MCP_SERVER, page_size=5)[0]
        self.assertEqual(([one.id for one in listed.resources], listed.total_size), ([self.id], 1))
        with self.assertRaises(ScalekitNotFoundException):
            self.resource.get_resource("res_1")

    def test_a_client_lives_from_creation_to_deletion(self):
        claims = [CustomClaim(key="team", value="ops")]
        made = self.create(name="Batch", description="D", scopes=["todo:read", "other"], custom_claims=claims, expiry=600)
        client = made.client
        self.assertRegex(client.client_id, r"^m2m_[0-9]+$")
        self.assertEqual((list(client.audience), client.expiry, client.resource_id), ([MCP, self.id], 600, self.id))
        self.assertTrue(made.plain_secret.endswith(client.secrets[0].secret_suffix))
        self.assertEqual(self.resource.get_resource_client(self.id, client.client_id)[0].client, client)
        self.assertIn(client.client_id, [one.client_id for one in self.resource.list_resource_clients(self.id)[0].clients])
        changed = self.resource.update_resource_client(self.id, client.client_id, name="", scopes=[], custom_claims=[])[0].client
        self.assertEqual((changed.name, list(changed.scopes), list(changed.custom_claims)), ("Batch", [], []))
        self.assertEqual(changed.expiry, 600)
        self.resource.delete_resource_client(self.id, client.client_id)
        with self.assertRaises(ScalekitNotFoundException):
            self.resource.get_resource_client(self.id, client.client_id)

    def test_its_token_is_for_the_resource(self):
        made = self.create(scopes=["todo:read", "other"])
        token = self.client.generate_client_token(made.client.client_id, made.plain_secret)
        claims = self.client.validate_access_token_and_get_claims(token, audience=MCP)
        self.assertEqual((claims["aud"], claims["scopes"]), ([MCP, self.id], ["todo:read"]))
        self.assertEqual((claims["sub"], claims["resid"]), (made.client.client_id, self.id))

    def test_secrets_are_rotated(self):
        made = self.create(name="Rotating")
        client_id, first = made.client.client_id, made.client.secrets[0].id
        with self.assertRaises(ScalekitBadRequestException) as refused:
            self.resource.delete_resource_client_secret(self.id, client_id, first)
        self.assertIn("at least one secret is required", str(refused.exception))
        self.resource.create_resource_client_secret(self.id, client_id)
        self.resource.delete_resource_client_secret(self.id, client_id, first)
        left = self.resource.get_resource_client(self.id, client_id)[0].client.secrets
        self.assertEqual(([one.id == first for one in left]), [False])

    def test_consents_are_listed(self):
        listed = self.resource.list_user_consents(self.id, search="ann", page_size=5)[0]
        self.assertEqual((listed.total_size, len(listed.consents)), (0, 0))
        self.assertEqual(self.resource.list_user_consents(self.id, user_ids=["usr_1"])[0].total_size, 0)
        client_id = self.create().client.client_id
        with self.assertRaises(ScalekitNotFoundException):
            self.resource.revoke_user_consent(client_id, "usrcnst_1")


if __name__ == "__main__":
    unittest.main()
