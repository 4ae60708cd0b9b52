"""Every method of the SDK's connection class (management.md 6 and A.3)."""

import unittest

from support import Server

from scalekit.common.exceptions import (
    ScalekitBadRequestException,
    ScalekitConflictException,
    ScalekitNotFoundException,
)
from scalekit.v1.connections.connections_pb2 import (
    ConnectionProvider,
    ConnectionStatus,
    ConnectionType,
    CreateConnection,
    OAuthConnectionConfig,
    UpdateConnection,
)
from scalekit.v1.organizations.organizations_pb2 import CreateOrganization

SIMULATOR = {"type": ConnectionType.OIDC, "provider": ConnectionProvider.IDP_SIMULATOR}
OKTA = {"type": ConnectionType.SAML, "provider": ConnectionProvider.OKTA}


class Connections(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server()
        cls.addClassCleanup(cls.server.stop)
        cls.client = cls.server.client()
        cls.connections = cls.client.connection

    def organization(self, name="Acme"):
        return self.client.organization.create_organization(CreateOrganization(display_name=name))[0].organization.id

    def create(self, organization, **connection):
        return self.connections.create_connection(organization, CreateConnection(**connection))[0].connection

    def test_a_simulator_is_created_enabled_disabled_and_deleted(self):
        acme = self.organization()
        made = self.create(acme, **SIMULATOR, provider_key="test-key")
        self.assertRegex(made.id, r"^conn_[1-9][0-9]{14,18}$")
        self.assertEqual((made.organization_id, made.provider_key), (acme, "test-key"))
        self.assertEqual((made.status, made.enabled), (ConnectionStatus.COMPLETED, False))
        self.assertEqual(self.connections.get_connection(acme, made.id)[0].connection, made)
        self.assertTrue(self.connections.enable_connection(acme, made.id)[0].enabled)
        self.assertTrue(self.connections.get_connection(acme, made.id)[0].connection.enabled)
        self.assertFalse(self.connections.disable_connection(acme, made.id)[0].enabled)
        self.connections.delete_connection(acme, made.id)
        for method in (self.connections.get_connection, self.connections.delete_connection):
            with self.assertRaises(ScalekitNotFoundException):
                method(acme, made.id)

    def test_lists_have_what_people_can_sign_in_through_or_all(self):
        acme = self.organization("Lists")
        live, draft = self.create(acme, **SIMULATOR), self.create(acme, **OKTA)
        self.connections.enable_connection(acme, live.id)
        self.client.domain.create_domain(acme, "customerdomain-7.com")
        for method, of in (
            (self.connections.list_connections, acme),
            (self.connections.list_connections_by_domain, "customerdomain-7.com"),
        ):
            self.assertEqual([found.id for found in method(of)[0].connections], [live.id])
            self.assertEqual([found.id for found in method(of, "all")[0].connections], [live.id, draft.id])
        self.assertEqual(len(self.connections.list_connections_by_domain("nobody-7.com")[0].connections), 0)

    def test_what_is_not_possible_has_its_own_error(self):
        acme = self.organization()
        draft = self.create(acme, **OKTA, key_id="main")
        with self.assertRaises(ScalekitBadRequestException):
            self.connections.enable_connection(acme, draft.id)
        with self.assertRaises(ScalekitConflictException):
            self.create(acme, **OKTA, key_id="main")
        with self.assertRaises(ScalekitBadRequestException):
            self.create(acme, type=ConnectionType.OAUTH, provider=ConnectionProvider.GOOGLE)
        other = self.organization("Other")
        for method in (
            self.connections.get_connection,
            self.connections.enable_connection,
            self.connections.disable_connection,
            self.connections.delete_connection,
        ):
            with self.assertRaises(ScalekitNotFoundException):
                method(other, draft.id)

    def test_a_social_login_of_the_environment_is_created_and_configured(self):
        new = CreateConnection(type=ConnectionType.OAUTH, provider=ConnectionProvider.GITHUB)
        made = self.connections.create_environment_connection(new)[0].connection
        self.assertEqual((made.provider_key, made.organization_id), ("github", ""))
        self.assertEqual(list(made.oauth_config.scopes), ["read:user", "user:email"])
        config = OAuthConnectionConfig(client_id={"value": "Iv1"}, client_secret={"value": "hush"})
        update = UpdateConnection(provider=ConnectionProvider.GITHUB, oauth_config=config)
        whole = self.connections.update_environment_connection(made.id, update)[0].connection
        self.assertEqual(whole.status, ConnectionStatus.COMPLETED)
        self.assertNotIn("hush", str(whole))
        self.assertEqual(self.connections.get_environment_connection(made.id)[0].connection, whole)

    def test_there_are_no_connections_of_agent_connectors(self):
        page = self.connections.list_app_connections(page_size=5, query="abc")[0]
        self.assertEqual((len(page.connections), page.total_size, page.next_page_token), (0, 0, ""))
