"""Every method of the SDK's role and permission classes (management.md 4, A.8 and A.9)."""

import unittest

from support import Server

from scalekit.common.exceptions import (
    ScalekitBadRequestException,
    ScalekitConflictException,
    ScalekitNotFoundException,
)
from scalekit.v1.organizations.organizations_pb2 import CreateOrganization
from scalekit.v1.roles.roles_pb2 import (
    CreateOrganizationRole,
    CreatePermission,
    CreateRole,
    UpdateDefaultOrganizationRolesRequest,
    UpdateRole,
)


def names(items):
    return [item.name for item in items]


class Roles(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server()
        cls.addClassCleanup(cls.server.stop)
        cls.client = cls.server.client()
        cls.roles = cls.client.roles
        cls.permissions = cls.client.permissions

    def create(self, name, **options):
        # Every method gives the response together with the call.
        return self.roles.create_role(CreateRole(name=name, display_name=f"The {name}", **options))[0].role

    def get(self, name):
        return self.roles.get_role(name)[0].role

    def test_a_role_lives_from_creation_to_deletion(self):
        created = self.create("editor", description="Writes", extends="member", permissions=["sk_org_sso_read"])
        self.assertRegex(created.id, r"^role_[1-9][0-9]{14,18}$")
        self.assertEqual((created.description, created.extends, created.is_org_role), ("Writes", "member", False))
        self.assertEqual(self.get("editor"), created)
        self.assertIn("editor", names(self.roles.list_roles()[0].roles))
        self.assertIn("editor", names(self.roles.list_dependent_roles("member")[0].roles))
        self.assertEqual(self.roles.get_role_users_count("editor")[0].count, 0)
        change = UpdateRole(display_name="Editor", permissions=["sk_org_scim_read"])
        self.assertEqual(self.roles.update_role("editor", change)[0].role.display_name, "Editor")
        direct = self.permissions.list_role_permissions("editor")[0].permissions
        self.assertEqual(names(direct), ["sk_org_scim_read"])
        self.roles.delete_role_base("editor")
        self.assertFalse(self.get("editor").HasField("extends"))
        self.create("chief", extends="editor")
        with self.assertRaises(ScalekitBadRequestException):
            self.roles.delete_role("editor")
        self.roles.delete_role("editor", "member")
        self.assertEqual(self.get("chief").extends, "member")
        with self.assertRaises(ScalekitNotFoundException):
            self.get("editor")
        self.roles.delete_role("chief")

    def test_a_name_is_taken_once(self):
        self.create("taken")
        with self.assertRaises(ScalekitConflictException):
            self.create("taken")
        self.roles.delete_role("taken")

    def test_an_organization_has_roles_of_its_own(self):
        organization = self.client.organization.create_organization(CreateOrganization(display_name="Acme"))
        org_id = organization[0].organization.id
        new = CreateOrganizationRole(name="lead", display_name="Lead", extends="member")
        created = self.roles.create_organization_role(org_id, new)[0].role
        self.assertTrue(created.is_org_role)
        self.assertEqual(self.roles.get_organization_role(org_id, "lead")[0].role, created)
        self.assertEqual(
            [(role.name, role.is_org_role) for role in self.roles.list_organization_roles(org_id)[0].roles],
            [("admin", False), ("lead", True), ("member", False)],
        )
        self.assertEqual(self.roles.get_organization_role_users_count(org_id, "lead")[0].count, 0)
        change = UpdateRole(display_name="Team lead")
        updated = self.roles.update_organization_role(org_id, "lead", change)[0].role
        self.assertEqual(updated.display_name, "Team lead")
        self.roles.delete_organization_role_base(org_id, "lead")
        self.assertFalse(self.roles.get_organization_role(org_id, "lead")[0].role.HasField("extends"))
        default = UpdateDefaultOrganizationRolesRequest(org_id=org_id, default_member_role="lead")
        answer = self.roles.update_default_organization_roles(org_id, default)[0]
        self.assertEqual(answer.default_member.name, "lead")
        with self.assertRaises(ScalekitBadRequestException):
            self.roles.delete_organization_role(org_id, "lead", "member")
        default = UpdateDefaultOrganizationRolesRequest(org_id=org_id, default_member_role="member")
        self.roles.update_default_organization_roles(org_id, default)
        self.roles.delete_organization_role(org_id, "lead")
        with self.assertRaises(ScalekitNotFoundException):
            self.roles.get_organization_role(org_id, "lead")

    def test_default_roles_are_chosen(self):
        self.create("viewer")
        chosen = self.roles.update_default_roles("admin", "viewer")[0]
        self.assertEqual((chosen.default_creator.name, chosen.default_member.name), ("admin", "viewer"))
        self.assertEqual(self.roles.update_default_roles("admin", "member")[0].default_member.name, "member")
        self.roles.delete_role("viewer")

    def test_a_permission_lives_from_creation_to_deletion(self):
        new = CreatePermission(name="invoices:read", description="See invoices")
        created = self.permissions.create_permission(new)[0].permission
        self.assertRegex(created.id, r"^perm_[1-9][0-9]{14,18}$")
        self.assertEqual(self.permissions.get_permission("invoices:read")[0].permission, created)
        change = CreatePermission(name="invoices:read", description="See all invoices")
        updated = self.permissions.update_permission("invoices:read", change)[0].permission
        self.assertEqual(updated.description, "See all invoices")
        self.permissions.delete_permission("invoices:read")
        with self.assertRaises(ScalekitNotFoundException):
            self.permissions.get_permission("invoices:read")
        with self.assertRaises(ScalekitBadRequestException):
            self.permissions.delete_permission("sk_org_users_read")

    def test_permissions_come_in_pages_by_name(self):
        first = self.permissions.list_permissions(page_size=5)[0]
        second = self.permissions.list_permissions(page_token=first.next_page_token, page_size=5)[0]
        found = names(first.permissions) + names(second.permissions)
        self.assertEqual(found, sorted(set(found)))
        self.assertEqual(len(found), 10)

    def test_a_role_gains_and_loses_permissions(self):
        self.create("buyer", extends="member")
        added = self.permissions.add_permissions_to_role("buyer", ["sk_org_sso_read", "sk_org_scim_read"])[0]
        self.assertEqual(names(added.permissions), ["sk_org_scim_read", "sk_org_sso_read"])
        effective = self.permissions.list_effective_role_permissions("buyer")[0].permissions
        self.assertEqual(
            names(effective),
            ["sk_org_scim_read", "sk_org_settings_read", "sk_org_sso_read", "sk_org_users_read"],
        )
        self.permissions.remove_permission_from_role("buyer", "sk_org_sso_read")
        with self.assertRaises(ScalekitNotFoundException):
            self.permissions.remove_permission_from_role("buyer", "sk_org_sso_read")
        self.roles.delete_role("buyer")


if __name__ == "__main__":
    unittest.main()
