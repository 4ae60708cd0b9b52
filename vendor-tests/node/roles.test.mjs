// Every method of the reference's Roles and Permissions chapters (management.md 4, A.8 and A.9).

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  ScalekitBadRequestException,
  ScalekitConflictException,
  ScalekitNotFoundException,
} from '@scalekit-sdk/node';
import { Code, refused, violations } from './support/errors.mjs';
import { Server } from './support/server.mjs';

const names = (list) => list.map(({ name }) => name);
const notFound = {
  type: ScalekitNotFoundException,
  grpcStatus: Code.NotFound,
  httpStatus: 404,
  errorCode: 'NOT_FOUND',
};
const failedPrecondition = {
  type: ScalekitBadRequestException,
  grpcStatus: Code.FailedPrecondition,
  httpStatus: 400,
  errorCode: 'FAILED_PRECONDITION',
};

describe('roles and permissions', () => {
  let server;
  let roles;
  let permissions;
  let organizations;
  before(async () => {
    server = await Server.start();
    ({ role: roles, permission: permissions, organization: organizations } = server.client());
  });
  after(() => server?.stop());

  test('a role lives from creation to deletion', async () => {
    await permissions.createPermission({ name: 'content:read', description: 'Read articles' });
    await permissions.createPermission({ name: 'content:write' });
    const { role } = await roles.createRole({
      name: 'content_editor',
      displayName: 'Content editor',
      description: 'Writes articles',
      extends: 'member',
      permissions: ['content:read'],
    });
    assert.match(role.id, /^role_[1-9][0-9]{14,18}$/);
    assert.equal(role.name, 'content_editor');
    assert.equal(role.displayName, 'Content editor');
    assert.equal(role.description, 'Writes articles');
    assert.equal(role.extends, 'member');
    assert.equal(role.isOrgRole, false);
    assert.deepEqual((await roles.getRole('content_editor')).role, role);
    assert.deepEqual(names((await roles.listRoles()).roles), ['admin', 'content_editor', 'member']);
    assert.deepEqual(names((await roles.listDependentRoles('member')).roles), ['content_editor']);
    assert.equal((await roles.getRoleUsersCount('content_editor')).count, 0n);

    const updated = await roles.updateRole('content_editor', { displayName: 'Editor', permissions: ['content:write'] });
    assert.equal(updated.role.displayName, 'Editor');
    assert.equal(updated.role.description, 'Writes articles');
    assert.deepEqual(names((await permissions.listRolePermissions('content_editor')).permissions), ['content:write']);
    await roles.deleteRoleBase('content_editor');
    assert.equal((await roles.getRole('content_editor')).role.extends, undefined);

    await roles.createRole({ name: 'chief', displayName: 'Chief', extends: 'content_editor' });
    await refused(roles.deleteRole('content_editor'), { ...failedPrecondition, message: /1 roles/ });
    await roles.deleteRole('content_editor', 'member');
    await refused(roles.getRole('content_editor'), notFound);
    assert.equal((await roles.getRole('chief')).role.extends, 'member');
    await roles.deleteRole('chief');
  });

  test('refusals name what is wrong', async () => {
    await roles.createRole({ name: 'taken', displayName: 'Taken' });
    await refused(roles.createRole({ name: 'taken', displayName: 'Again' }), {
      type: ScalekitConflictException,
      grpcStatus: Code.AlreadyExists,
      httpStatus: 409,
      errorCode: 'ALREADY_EXISTS',
      message: /taken/,
    });
    const invalid = {
      type: ScalekitBadRequestException,
      grpcStatus: Code.InvalidArgument,
      httpStatus: 400,
      errorCode: 'INVALID_ARGUMENT',
    };
    const error = await refused(roles.updateRole('taken', { extends: 'taken' }), invalid);
    assert.deepEqual(violations(error), [['role.extends', 'role.cycle']]);
    const malformed = await refused(permissions.createPermission({ name: 'no spaces' }), invalid);
    assert.deepEqual(violations(malformed), [['permission.name', 'permission.name.format']]);
    await refused(roles.getRole('nobody'), notFound);
    await refused(roles.createRole({ name: 'x', displayName: 'X', permissions: ['no:such'] }), notFound);
    await refused(roles.deleteRole('member', 'taken'), failedPrecondition);
    await refused(permissions.deletePermission('sk_org_users_read'), failedPrecondition);
    await roles.deleteRole('taken');
  });

  test('an organization has roles of its own', async () => {
    const { id } = (await organizations.createOrganization('Acme')).organization;
    const { role } = await roles.createOrganizationRole(id, {
      name: 'department_lead',
      displayName: 'Department lead',
      extends: 'member',
      permissions: ['sk_org_users_invite'],
    });
    assert.equal(role.isOrgRole, true);
    assert.deepEqual((await roles.getOrganizationRole(id, 'department_lead')).role, role);
    const list = (await roles.listOrganizationRoles(id)).roles;
    assert.deepEqual(names(list), ['admin', 'department_lead', 'member']);
    assert.deepEqual(list.map(({ isOrgRole }) => isOrgRole), [false, true, false]);
    assert.equal((await roles.getOrganizationRoleUsersCount(id, 'department_lead')).count, 0n);
    const updated = await roles.updateOrganizationRole(id, 'department_lead', { displayName: 'Lead' });
    assert.equal(updated.role.displayName, 'Lead');
    await roles.deleteOrganizationRoleBase(id, 'department_lead');
    assert.equal((await roles.getOrganizationRole(id, 'department_lead')).role.extends, undefined);

    const { defaultMember } = await roles.updateDefaultOrganizationRoles(id, 'department_lead');
    assert.equal(defaultMember.name, 'department_lead');
    await refused(roles.deleteOrganizationRole(id, 'department_lead', 'member'), failedPrecondition);
    await roles.updateDefaultOrganizationRoles(id, 'member');
    await roles.deleteOrganizationRole(id, 'department_lead');
    await refused(roles.getOrganizationRole(id, 'department_lead'), notFound);
  });

  test('default roles are chosen', async () => {
    await roles.createRole({ name: 'viewer', displayName: 'Viewer' });
    const chosen = await roles.updateDefaultRoles({ defaultCreatorRole: 'admin', defaultMemberRole: 'viewer' });
    assert.equal(chosen.defaultCreator.name, 'admin');
    assert.equal(chosen.defaultMember.name, 'viewer');
    const back = await roles.updateDefaultRoles({ defaultCreatorRole: 'admin', defaultMemberRole: 'member' });
    assert.equal(back.defaultMember.defaultMember, true);
    await roles.deleteRole('viewer');
  });

  test('a permission lives from creation to deletion', async () => {
    const { permission } = await permissions.createPermission({ name: 'invoices:read', description: 'See invoices' });
    assert.match(permission.id, /^perm_[1-9][0-9]{14,18}$/);
    assert.equal(permission.isScalekitPermission, false);
    assert.deepEqual((await permissions.getPermission('invoices:read')).permission, permission);
    const changed = { name: 'invoices:read', description: 'See all invoices' };
    const updated = await permissions.updatePermission('invoices:read', changed);
    assert.equal(updated.permission.description, 'See all invoices');
    await permissions.deletePermission('invoices:read');
    await refused(permissions.getPermission('invoices:read'), notFound);
  });

  test('permissions come in pages by name', async () => {
    const first = await permissions.listPermissions(undefined, 5);
    assert.equal(first.permissions.length, 5);
    assert.equal(first.prevPageToken, '');
    const second = await permissions.listPermissions(first.nextPageToken, 5);
    const all = [...names(first.permissions), ...names(second.permissions)];
    assert.deepEqual(all, [...all].sort());
    assert.equal(new Set(all).size, 10);
    const back = await permissions.listPermissions(second.prevPageToken, 5);
    assert.deepEqual(back.permissions, first.permissions);
    const everything = await permissions.listPermissions();
    assert.equal(everything.permissions.length, everything.totalSize);
  });

  test('a role gains and loses permissions', async () => {
    await permissions.createPermission({ name: 'orders:read' });
    await roles.createRole({ name: 'buyer', displayName: 'Buyer', extends: 'member' });
    const added = await permissions.addPermissionsToRole('buyer', ['orders:read', 'sk_org_sso_read']);
    assert.deepEqual(names(added.permissions), ['orders:read', 'sk_org_sso_read']);
    const effective = await permissions.listEffectiveRolePermissions('buyer');
    assert.deepEqual(names(effective.permissions), [
      'orders:read',
      'sk_org_settings_read',
      'sk_org_sso_read',
      'sk_org_users_read',
    ]);
    await permissions.removePermissionFromRole('buyer', 'sk_org_sso_read');
    assert.deepEqual(names((await permissions.listRolePermissions('buyer')).permissions), ['orders:read']);
    await refused(permissions.removePermissionFromRole('buyer', 'sk_org_sso_read'), notFound);
    await permissions.deletePermission('orders:read');
    assert.deepEqual((await permissions.listRolePermissions('buyer')).permissions, []);
    await roles.deleteRole('buyer');
  });
});
