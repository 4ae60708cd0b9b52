// Every method of the SDK's connection class (management.md 6 and A.3).

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Server } from './support/server.mjs';

const TYPE = { oidc: 1, saml: 2, oauth: 4 };
const PROVIDER = { okta: 1, google: 2, simulator: 14 };
const STATUS = { draft: 1, completed: 3 };

describe('connections', () => {
  let server;
  let client;
  let organizationId;
  before(async () => {
    server = await Server.start();
    client = server.client();
    organizationId = (await client.organization.createOrganization('Acme')).organization.id;
  });
  after(() => server?.stop());

  const create = async (id, type, provider, more) =>
    (await client.connection.createConnection(id, { type, provider, ...more })).connection;

  test('a simulator is created, enabled, disabled and deleted', async () => {
    const made = await create(organizationId, TYPE.oidc, PROVIDER.simulator, { providerKey: 'test-key' });
    assert.match(made.id, /^conn_[1-9][0-9]{14,18}$/);
    assert.equal(made.organizationId, organizationId);
    assert.equal(made.type, TYPE.oidc);
    assert.equal(made.provider, PROVIDER.simulator);
    assert.equal(made.providerKey, 'test-key');
    assert.equal(made.status, STATUS.completed);
    assert.equal(made.enabled, false);
    assert.equal(made.testConnectionUri, `${server.url}/sso/v1/oidc/${made.id}/test`);
    assert.deepEqual((await client.connection.getConnection(organizationId, made.id)).connection, made);
    assert.equal((await client.connection.enableConnection(organizationId, made.id)).enabled, true);
    assert.equal((await client.connection.getConnection(organizationId, made.id)).connection.enabled, true);
    assert.equal((await client.connection.disableConnection(organizationId, made.id)).enabled, false);
    await client.connection.deleteConnection(organizationId, made.id);
    await assert.rejects(client.connection.getConnection(organizationId, made.id), {
      name: 'ScalekitNotFoundException',
    });
    await assert.rejects(client.connection.deleteConnection(organizationId, made.id), {
      name: 'ScalekitNotFoundException',
    });
  });

  test('the configuration comes with the connection', async () => {
    const made = await create(organizationId, TYPE.saml, PROVIDER.okta);
    assert.equal(made.status, STATUS.draft);
    assert.equal(made.settings.case, 'samlConfig');
    assert.equal(made.settings.value.spEntityId, `${server.url}/sso/v1/saml/${made.id}`);
    assert.equal(made.settings.value.spAssertionUrl, `${server.url}/sso/v1/saml/${made.id}/callback`);
  });

  test('lists have what people can sign in through', async () => {
    const { organization } = await client.organization.createOrganization('Lists');
    const live = await create(organization.id, TYPE.oidc, PROVIDER.simulator);
    await create(organization.id, TYPE.saml, PROVIDER.okta);
    assert.deepEqual((await client.connection.listConnections(organization.id)).connections, []);
    await client.connection.enableConnection(organization.id, live.id);
    await client.domain.createDomain(organization.id, 'customerdomain-7.com');
    for (const { connections } of [
      await client.connection.listConnections(organization.id),
      await client.connection.listConnectionsByDomain('customerdomain-7.com'),
    ]) {
      assert.equal(connections.length, 1);
      assert.equal(connections[0].id, live.id);
      assert.equal(connections[0].organizationId, organization.id);
      assert.equal(connections[0].organizationName, 'Lists');
    }
    assert.deepEqual((await client.connection.listConnectionsByDomain('nobody-7.com')).connections, []);
  });

  test('what is not possible has its own error', async () => {
    const draft = await create(organizationId, TYPE.oidc, PROVIDER.okta, { keyId: 'main' });
    assert.equal(draft.keyId, 'main');
    await assert.rejects(client.connection.enableConnection(organizationId, draft.id), {
      name: 'ScalekitBadRequestException',
    });
    await assert.rejects(create(organizationId, TYPE.oidc, PROVIDER.okta, { keyId: 'main' }), {
      name: 'ScalekitConflictException',
    });
    await assert.rejects(create(organizationId, TYPE.oauth, PROVIDER.google), { name: 'ScalekitBadRequestException' });
    const { organization } = await client.organization.createOrganization('Other');
    for (const method of ['getConnection', 'enableConnection', 'disableConnection', 'deleteConnection']) {
      await assert.rejects(client.connection[method](organization.id, draft.id), {
        name: 'ScalekitNotFoundException',
      });
    }
  });

  test('there are no connections of agent connectors', async () => {
    const page = await client.connection.listAppConnections({ pageSize: 5, query: 'abc' });
    assert.deepEqual([page.connections, page.totalSize, page.nextPageToken], [[], 0, '']);
  });
});
