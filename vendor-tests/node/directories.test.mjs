// Every method of the SDK's directory class (management.md 7.2 and A.6). Users and groups come with the SCIM endpoint.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Server } from './support/server.mjs';

const SCIM = 1;
const OKTA = 1;

describe('directories', () => {
  let server;
  let client;
  let organizationId;
  before(async () => {
    server = await Server.start();
    client = server.client();
    organizationId = (await client.organization.createOrganization('Acme')).organization.id;
  });
  after(() => server?.stop());

  const create = async () =>
    (await client.directory.createDirectory(organizationId, { directoryType: SCIM, directoryProvider: OKTA })).directory;

  test('an organization without a directory has no primary one', async () => {
    assert.deepEqual((await client.directory.listDirectories(organizationId)).directories, []);
    await assert.rejects(async () => client.directory.getPrimaryDirectoryByOrganizationId(organizationId));
  });

  test('a directory is created, found, switched and deleted', async () => {
    const directory = await create();
    assert.match(directory.id, /^dir_[1-9][0-9]{14,18}$/);
    assert.equal(directory.enabled, true);
    assert.equal(directory.name, 'Okta');
    assert.match(directory.directoryEndpoint, new RegExp(`/${directory.id}/scim/v2$`));
    assert.deepEqual((await client.directory.getDirectory(organizationId, directory.id)).directory, directory);
    const second = await create();
    const { directories } = await client.directory.listDirectories(organizationId);
    assert.deepEqual(directories, [directory, second]);
    assert.deepEqual(await client.directory.getPrimaryDirectoryByOrganizationId(organizationId), directory);

    await assert.rejects(client.directory.deleteDirectory(organizationId, directory.id), /directory is enabled.*disable/);
    assert.equal((await client.directory.disableDirectory(organizationId, directory.id)).enabled, false);
    assert.equal((await client.directory.enableDirectory(organizationId, directory.id)).enabled, true);
    for (const { id } of [directory, second]) {
      await client.directory.disableDirectory(organizationId, id);
      await client.directory.deleteDirectory(organizationId, id);
    }
    await assert.rejects(client.directory.getDirectory(organizationId, directory.id), {
      name: 'ScalekitNotFoundException',
    });
  });

  test('users and groups are lists with tokens and a total', async () => {
    const directory = await create();
    const users = await client.directory.listDirectoryUsers(organizationId, directory.id, { pageSize: 30 });
    assert.deepEqual([users.users, users.totalSize, users.nextPageToken], [[], 0, '']);
    const groups = await client.directory.listDirectoryGroups(organizationId, directory.id, {
      pageSize: 30,
      includeDetail: true,
      updatedAfter: '2026-01-01T00:00:00Z',
    });
    assert.deepEqual([groups.groups, groups.totalSize, groups.prevPageToken], [[], 0, '']);
    await assert.rejects(client.directory.listDirectoryUsers(organizationId, directory.id, { pageSize: 31 }), {
      name: 'ScalekitBadRequestException',
    });
  });
});
