"""Each change writes its event; the SDK's events class reads them (management.md 11.2)."""

import unittest

from support import Server

from scalekit.v1.events.events_pb2 import EventFilter
from scalekit.v1.organizations.organizations_pb2 import CreateOrganization, UpdateOrganization


class Events(unittest.TestCase):
    def test_the_life_of_an_organization_is_in_the_event_log_newest_first(self):
        with Server() as server:
            client = server.client()
            use = client.organization
            acme = use.create_organization(CreateOrganization(display_name="Acme"))[0].organization
            use.update_organization(acme.id, UpdateOrganization(display_name="Acme Ltd"))
            use.delete_organization(acme.id)
            response, _ = client.events.list_events_paginated(30, filter=EventFilter(organization_id=acme.id))
        types = [event.type for event in response.events if event.type.startswith("organization.")]
        self.assertEqual(types, ["organization.deleted", "organization.updated", "organization.created"])
        self.assertEqual({event.organization_id for event in response.events}, {acme.id})
        self.assertEqual(response.events[-1].data["display_name"], "Acme")


if __name__ == "__main__":
    unittest.main()
