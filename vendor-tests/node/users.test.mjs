// Every method of the reference's Users & Memberships chapter, and the newer ones (management.md 3 and A.5).

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  ScalekitConflictException,
  ScalekitNotFoundException,
  ScalekitBadRequestException,
} from '@scalekit-sdk/node';
import { Code, refused, violations } from './support/errors.mjs';
import { Server } from './support/server.mjs';

/** Numbers of MembershipStatus. */
const ACTIVE = 1;
const PENDING_INVITE = 3;

const notFound = { type: ScalekitNotFoundException, grpcStatus: Code.NotFound, httpStatus: 404, errorCode: 'NOT_FOUND' };
const conflict = {
  type: ScalekitConflictException,
  grpcStatus: Code.AlreadyExists,
  httpStatus: 409,
  errorCode: 'ALREADY_EXISTS',
};

describe('users', () => {
  let server;
  let users;
  let acme;
  let other;
  before(async () => {
    server = await Server.start();
    const client = server.client();
    users = client.user;
    acme = (await client.organization.createOrganization('Acme')).organization.id;
    other = (await client.organization.createOrganization('Other')).organization.id;
  });
  after(() => server?.stop());

  const create = async (email, options) =>
    (await users.createUserAndMembership(acme, { email, sendInvitationEmail: false, ...options })).user;
  const membership = (user, organization) => user.memberships.find(({ organizationId }) => organizationId === organization);
  const roles = (user, organization) => membership(user, organization).roles.map(({ name }) => name).sort();

  test('create fills the profile by both spellings of the names and answers with the membership', async () => {
    const user = await create('John.Doe@company.test', {
      externalId: 'employee-42',
      userProfile: { firstName: 'John', lastName: 'Doe', locale: 'en-GB', customAttributes: { badge: '42' } },
      metadata: { department: 'Engineering' },
    });
    assert.match(user.id, /^usr_[1-9][0-9]{14,20}$/);
    assert.equal(user.email, 'John.Doe@company.test');
    assert.equal(user.externalId, 'employee-42');
    assert.deepEqual(user.metadata, { department: 'Engineering' });
    const { userProfile } = user;
    assert.deepEqual(
      [userProfile.firstName, userProfile.lastName, userProfile.givenName, userProfile.familyName, userProfile.name],
      ['John', 'Doe', 'John', 'Doe', 'John Doe'],
    );
    assert.equal(userProfile.emailVerified, true);
    const [member] = user.memberships;
    assert.equal(member.membershipStatus, ACTIVE);
    assert.deepEqual(roles(user, acme), ['member']);
    assert.ok(member.joinTime);
    assert.deepEqual((await users.getUser(user.id)).user, user);
    assert.deepEqual((await users.getUserByExternalId('employee-42')).user, user);
  });

  test('create invites by mail when nothing else is said, and the invitation can be sent again', async () => {
    const { user } = await users.createUserAndMembership(acme, { email: 'invited@company.test' });
    const member = membership(user, acme);
    assert.equal(member.membershipStatus, PENDING_INVITE);
    assert.equal(member.provisioningMethod, 'invitation');
    assert.equal(Number(member.expiresAt.seconds) - Number(member.createdAt.seconds), 15 * 24 * 3600);
    const { invite } = await users.resendInvite(acme, user.id);
    assert.deepEqual([invite.status, invite.resentCount], ['PENDING_INVITE', 1]);
    assert.deepEqual(invite.expiresAt, member.expiresAt);
    await refused(users.resendInvite(other, user.id), notFound);
  });

  test('a taken e-mail or external id is a conflict, and a bad e-mail is named', async () => {
    await create('taken@company.test', { externalId: 'taken' });
    await refused(create('TAKEN@company.test'), conflict);
    await refused(create('fresh@company.test', { externalId: 'taken' }), conflict);
    const error = await refused(create('not an address'), {
      type: ScalekitBadRequestException,
      grpcStatus: Code.InvalidArgument,
      httpStatus: 400,
      errorCode: 'INVALID_ARGUMENT',
    });
    assert.deepEqual(violations(error), [['user.email', 'string.email']]);
  });

  test('update changes the given fields and keeps the others', async () => {
    const made = await create('nora@company.test', { externalId: 'n-1', metadata: { title: 'Boss' } });
    const { user } = await users.updateUser(made.id, { userProfile: { firstName: 'Nora', lastName: 'Lind' } });
    assert.equal(user.userProfile.name, 'Nora Lind');
    assert.deepEqual([user.externalId, user.metadata], ['n-1', { title: 'Boss' }]);
    const updated = (await users.updateUserByExternalId('n-1', { metadata: { title: 'CEO' } })).user;
    assert.deepEqual(updated.metadata, { title: 'CEO' });
    assert.equal(updated.userProfile.name, 'Nora Lind');
  });

  test('a second delete finds nothing', async () => {
    const user = await create('gone@company.test', { externalId: 'gone' });
    await users.deleteUser(user.id);
    await refused(users.deleteUser(user.id), notFound);
    await refused(users.getUser(user.id), notFound);
    await create('gone@company.test', { externalId: 'gone' });
    await users.deleteUserByExternalId('gone');
    await refused(users.getUserByExternalId('gone'), notFound);
  });

  test('memberships are created, changed and deleted, and the account stays', async () => {
    const { id } = await create('member@company.test', { externalId: 'm-1' });
    const joined = await users.createMembership(other, id, {
      roles: ['admin'],
      metadata: { seat: '12' },
      sendInvitationEmail: false,
    });
    assert.deepEqual(roles(joined.user, other), ['admin']);
    assert.equal(membership(joined.user, other).membershipStatus, ACTIVE);
    await refused(users.createMembership(other, id, { sendInvitationEmail: false }), conflict);
    const changed = await users.updateMembership(other, id, { roles: ['member'] });
    assert.deepEqual(roles(changed.user, other), ['member']);
    assert.deepEqual(membership(changed.user, other).metadata, { seat: '12' }, 'empty metadata changes nothing');
    const labelled = await users.updateMembershipByExternalId(other, 'm-1', { metadata: { seat: '13' } });
    assert.deepEqual(roles(labelled.user, other), ['member'], 'no roles change nothing');
    await users.deleteMembership(other, id);
    await refused(users.deleteMembership(other, id), notFound);
    await users.createMembershipByExternalId(other, 'm-1', { sendInvitationEmail: true });
    await users.deleteMembershipByExternalId(other, 'm-1');
    await users.deleteMembership(acme, id);
    assert.deepEqual((await users.getUser(id)).user.memberships, []);
  });

  test('roles and permissions of a member', async () => {
    const { id } = await create('roles@company.test');
    const names = (list) => list.map(({ name }) => name).sort();
    assert.deepEqual(names((await users.assignUserRoles(acme, id, ['admin'])).roles), ['admin', 'member']);
    assert.deepEqual(names((await users.listUserRoles(acme, id)).roles), ['admin', 'member']);
    assert.equal((await users.listUserPermissions(acme, id)).permissions.length, 12);
    await users.removeUserRole(acme, id, 'admin');
    assert.deepEqual(names((await users.listUserPermissions(acme, id)).permissions), [
      'sk_org_settings_read',
      'sk_org_users_read',
    ]);
    await refused(users.removeUserRole(acme, id, 'admin'), notFound);
    await refused(users.assignUserRoles(acme, id, ['nobody']), notFound);
  });

  test('lists and searches are paged, newest first', async () => {
    const made = [];
    for (let number = 0; number < 3; number += 1) {
      const { user } = await users.createUserAndMembership(other, {
        email: `page${number}@paged.test`,
        sendInvitationEmail: false,
      });
      made.unshift(user.id);
    }
    const first = await users.listOrganizationUsers(other, { pageSize: 2 });
    assert.deepEqual(first.users.map(({ id }) => id), made.slice(0, 2));
    assert.equal(first.totalSize, 3);
    const second = await users.listOrganizationUsers(other, { pageSize: 2, pageToken: first.nextPageToken });
    assert.deepEqual(second.users.map(({ id }) => id), made.slice(2));
    const all = await users.listUsers({ pageSize: 100 });
    assert.equal(all.totalSize, all.users.length);
    assert.deepEqual(all.users.slice(0, 3).map(({ id }) => id), made);
    assert.equal((await users.searchUsers('PAGED.test', 2)).totalSize, 3);
    assert.equal((await users.searchOrganizationUsers(acme, 'paged.test')).totalSize, 0);
    await refused(users.listOrganizationUsers('org_1'), notFound);
  });
});
