// Each change writes its event; the SDK's events class reads them (management.md 11.2).

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Server } from './support/server.mjs';

let server;
let client;
before(async () => {
  server = await Server.start();
  client = server.client();
});
after(() => server?.stop());

test('the life of an organization is in the event log, newest first, page by page', async () => {
  const { organization } = await client.organization.createOrganization('Acme', { externalId: 'crm-7' });
  await client.organization.updateOrganization(organization.id, { displayName: 'Acme Ltd' });
  await client.organization.deleteOrganization(organization.id);

  const filter = { organizationId: organization.id };
  const { events } = await client.events.listEventsPaginated(30, undefined, filter);
  const types = events.map(({ type }) => type).filter((type) => type.startsWith('organization.'));
  assert.deepEqual(types, ['organization.deleted', 'organization.updated', 'organization.created']);
  for (const event of events) {
    assert.match(event.id, /^evt_[0-9]+$/);
    assert.match(event.environmentId, /^env_[0-9]+$/);
    assert.equal(event.organizationId, organization.id);
  }
  const created = events.at(-1);
  assert.equal(created.specVersion, '1');
  assert.equal(created.data.display_name, 'Acme');
  assert.equal(created.data.external_id, 'crm-7');

  const first = await client.events.listEventsPaginated(2, undefined, filter);
  assert.deepEqual(first.events.map(({ id }) => id), events.slice(0, 2).map(({ id }) => id));
  const second = await client.events.listEventsPaginated(2, first.nextPageToken, filter);
  assert.deepEqual(second.events.map(({ id }) => id), events.slice(2, 4).map(({ id }) => id));
});

test('a refused change leaves no event', async () => {
  const count = async () => (await client.events.listEventsPaginated(100)).events.length;
  await client.organization.createOrganization('Taken', { externalId: 'taken' });
  const before = await count();
  await assert.rejects(client.organization.createOrganization('Second', { externalId: 'taken' }));
  await assert.rejects(client.organization.createOrganization(''));
  await assert.rejects(client.organization.deleteOrganization('org_100000000000000001'));
  assert.equal(await count(), before);
});
