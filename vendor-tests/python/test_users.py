"""Every method of the SDK's user class (management.md 3 and A.5)."""

import unittest
from http import HTTPStatus

from grpc import StatusCode
from support import Server, refused, violations

from scalekit.common.exceptions import (
    ScalekitBadRequestException,
    ScalekitConflictException,
    ScalekitNotFoundException,
)
from scalekit.v1.commons.commons_pb2 import MembershipStatus, Role
from scalekit.v1.organizations.organizations_pb2 import CreateOrganization
from scalekit.v1.users.users_pb2 import (
    CreateMembership,
    CreateUser,
    CreateUserProfile,
    UpdateMembership,
    UpdateUser,
    UpdateUserProfile,
)

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
BAD_REQUEST = {
    "kind": ScalekitBadRequestException,
    "grpc_status": StatusCode.INVALID_ARGUMENT,
    "http_status": HTTPStatus.BAD_REQUEST,
    "error_code": "INVALID_ARGUMENT",
}


def names(things):
    return sorted(thing.name for thing in things)


class Users(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server()
        cls.addClassCleanup(cls.server.stop)
        client = cls.server.client()
        cls.users = client.users
        create = client.organization.create_organization
        cls.acme = create(CreateOrganization(display_name="Acme"))[0].organization.id
        cls.other = create(CreateOrganization(display_name="Other"))[0].organization.id

    def create(self, email, organization=None, invite=False, **fields):
        user = CreateUser(email=email, **fields)
        # Every method gives the response together with the call.
        response, _ = self.users.create_user_and_membership(organization or self.acme, user, invite)
        return response.user

    def membership(self, user, organization):
        return next(each for each in user.memberships if each.organization_id == organization)

    def test_create_answers_with_the_profile_and_the_membership(self):
        profile = CreateUserProfile(first_name="John", family_name="Doe", custom_attributes={"badge": "42"})
        user = self.create(
            "John.Doe@company.test",
            external_id="employee-42",
            user_profile=profile,
            metadata={"department": "Engineering"},
            membership=CreateMembership(roles=[Role(name="admin")], metadata={"seat": "12"}),
        )
        self.assertRegex(user.id, r"^usr_[1-9][0-9]{14,20}$")
        self.assertEqual(user.email, "John.Doe@company.test")
        self.assertEqual(dict(user.metadata), {"department": "Engineering"})
        self.assertEqual(user.user_profile.name, "John Doe")
        self.assertEqual(user.user_profile.given_name, "John")
        self.assertEqual(user.user_profile.last_name, "Doe")
        self.assertTrue(user.user_profile.email_verified)
        member = self.membership(user, self.acme)
        self.assertEqual(member.membership_status, MembershipStatus.ACTIVE)
        self.assertEqual(names(member.roles), ["admin"])
        self.assertEqual(dict(member.metadata), {"seat": "12"})
        self.assertEqual(self.users.get_user(user.id)[0].user, user)
        self.assertEqual(self.users.get_user_by_external_id("employee-42")[0].user, user)

    def test_an_invitation_waits_and_is_sent_again(self):
        user = self.create("invited@company.test", invite=True)
        member = self.membership(user, self.acme)
        self.assertEqual(member.membership_status, MembershipStatus.PENDING_INVITE)
        self.assertEqual(member.expires_at.seconds - member.created_at.seconds, 15 * 24 * 3600)
        invite = self.users.resend_invite(self.acme, user.id)[0].invite
        self.assertEqual((invite.status, invite.resent_count), ("PENDING_INVITE", 1))
        self.assertEqual(invite.expires_at, member.expires_at)
        refused(self, lambda: self.users.resend_invite(self.other, user.id), **NOT_FOUND)

    def test_a_taken_email_or_external_id_is_a_conflict_and_a_bad_email_is_named(self):
        self.create("taken@company.test", external_id="taken")
        refused(self, lambda: self.create("TAKEN@company.test"), **CONFLICT)
        refused(self, lambda: self.create("fresh@company.test", external_id="taken"), **CONFLICT)
        error = refused(self, lambda: self.create("not an address"), **BAD_REQUEST)
        self.assertEqual(violations(error), [("user.email", "string.email")])

    def test_update_changes_the_given_fields_and_keeps_the_others(self):
        made = self.create("nora@company.test", external_id="n-1", metadata={"title": "Boss"})
        profile = UpdateUserProfile(given_name="Nora", family_name="Lind")
        user = self.users.update_user(made.id, UpdateUser(user_profile=profile))[0].user
        self.assertEqual(user.user_profile.name, "Nora Lind")
        self.assertEqual((user.external_id, dict(user.metadata)), ("n-1", {"title": "Boss"}))
        user = self.users.update_user_by_external_id("n-1", UpdateUser(metadata={"title": "CEO"}))[0].user
        self.assertEqual((user.user_profile.name, dict(user.metadata)), ("Nora Lind", {"title": "CEO"}))

    def test_a_second_delete_finds_nothing(self):
        user = self.create("gone@company.test", external_id="gone")
        self.users.delete_user(user.id)
        refused(self, lambda: self.users.delete_user(user.id), **NOT_FOUND)
        self.create("gone@company.test", external_id="gone")
        self.users.delete_user_by_external_id("gone")
        refused(self, lambda: self.users.get_user_by_external_id("gone"), **NOT_FOUND)

    def test_memberships_are_created_changed_and_deleted_and_the_account_stays(self):
        user = self.create("member@company.test", external_id="m-1")
        new = CreateMembership(roles=[Role(name="admin")], metadata={"seat": "12"})
        joined = self.users.create_membership(self.other, user.id, new, False)[0].user
        self.assertEqual(names(self.membership(joined, self.other).roles), ["admin"])
        refused(self, lambda: self.users.create_membership(self.other, user.id, new, False), **CONFLICT)
        change = UpdateMembership(roles=[Role(name="member")])
        changed = self.users.update_membership(self.other, user.id, change)[0].user
        member = self.membership(changed, self.other)
        self.assertEqual((names(member.roles), dict(member.metadata)), (["member"], {"seat": "12"}))
        change = UpdateMembership(metadata={"seat": "13"})
        changed = self.users.update_membership_by_external_id(self.other, "m-1", change)[0].user
        self.assertEqual(names(self.membership(changed, self.other).roles), ["member"])
        self.users.delete_membership(self.other, user.id)
        refused(self, lambda: self.users.delete_membership(self.other, user.id), **NOT_FOUND)
        self.users.create_membership_by_external_id(self.other, "m-1", CreateMembership(), True)
        self.users.delete_membership_by_external_id(self.other, "m-1")
        self.users.delete_membership(self.acme, user.id)
        self.assertEqual(len(self.users.get_user(user.id)[0].user.memberships), 0)

    def test_roles_and_permissions_of_a_member(self):
        user = self.create("roles@company.test", membership=CreateMembership(roles=[Role(name="admin")]))
        self.assertEqual(names(self.users.list_user_roles(self.acme, user.id)[0].roles), ["admin"])
        self.assertEqual(len(self.users.list_user_permissions(self.acme, user.id)[0].permissions), 12)
        refused(self, lambda: self.users.list_user_roles(self.other, user.id), **NOT_FOUND)

    def test_lists_are_paged_newest_first(self):
        made = [self.create(f"page{number}@paged.test", self.other).id for number in range(3)][::-1]
        first = self.users.list_organization_users(self.other, 2)[0]
        self.assertEqual([user.id for user in first.users], made[:2])
        self.assertEqual(first.total_size, 3)
        second = self.users.list_organization_users(self.other, 2, first.next_page_token)[0]
        self.assertEqual([user.id for user in second.users], made[2:])
        every = self.users.list_users(100)[0]
        self.assertEqual([user.id for user in every.users][:3], made)
        self.assertEqual(every.total_size, len(every.users))


if __name__ == "__main__":
    unittest.main()
