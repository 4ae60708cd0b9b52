// Machine clients of organizations (management.md 10.1), with the tokens that they get.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ScalekitBadRequestException, ScalekitNotFoundException } from '@scalekit-sdk/node';
import { Code, refused, violations } from './support/errors.mjs';
import { Server } from './support/server.mjs';

const notFound = { type: ScalekitNotFoundException, grpcStatus: Code.NotFound, httpStatus: 404, errorCode: 'NOT_FOUND' };
const claims = (client) => Object.fromEntries(client.customClaims.map(({ key, value }) => [key, value]));

describe('machine clients', () => {
  let server;
  let client;
  let m2m;
  let acme;
  before(async () => {
    server = await Server.start();
    client = server.client();
    m2m = client.m2m;
    acme = (await client.organization.createOrganization('Acme')).organization.id;
  });
  after(() => server?.stop());

  test('create returns the client with each option and one secret', async () => {
    const options = {
      name: 'Nightly batch',
      description: 'Runs at night',
      scopes: ['z:read', 'a:write'],
      audience: ['https://b.test', 'https://a.test'],
      customClaims: { team: 'logistics', area: 'eu' },
    };
    const { client: made, plainSecret } = await m2m.createOrganizationClient(acme, options);
    assert.match(made.clientId, /^m2morg_[0-9]+$/);
    assert.equal(made.organizationId, acme);
    assert.deepEqual([made.name, made.description], [options.name, options.description]);
    assert.deepEqual([made.scopes, made.audience], [options.scopes, options.audience]);
    assert.deepEqual(claims(made), options.customClaims);
    assert.equal(made.expiry, 3600n);
    assert.equal(made.secrets.length, 1);
    assert.ok(plainSecret.endsWith(made.secrets[0].secretSuffix));
    assert.deepEqual((await m2m.getOrganizationClient(acme, made.clientId)).client, made);
  });

  test('an update leaves what it does not name', async () => {
    const { client: made } = await m2m.createOrganizationClient(acme, { name: 'A', scopes: ['a', 'b'], customClaims: { a: '1' } });
    const { client: changed } = await m2m.updateOrganizationClient(acme, made.clientId, { scopes: ['c'] });
    assert.deepEqual([changed.name, changed.scopes, claims(changed)], ['A', ['c'], { a: '1' }]);
    const { client: again } = await m2m.updateOrganizationClient(acme, made.clientId, { customClaims: { b: '2' } });
    assert.deepEqual([again.scopes, claims(again)], [['c'], { b: '2' }]);
  });

  test('the machine gets a token that the SDK accepts', async () => {
    const { client: made, plainSecret } = await m2m.createOrganizationClient(acme, {
      scopes: ['orders:read'],
      audience: ['api.acme.test'],
      customClaims: { team: 'logistics' },
    });
    const token = await client.generateClientToken(made.clientId, plainSecret);
    const payload = await client.validateToken(token, { audience: ['api.acme.test'], requiredScopes: ['orders:read'] });
    assert.deepEqual([payload.sub, payload.client_id, payload.oid], [made.clientId, made.clientId, acme]);
    assert.deepEqual([payload.aud, payload.scopes, payload.custom_claims], [['api.acme.test'], ['orders:read'], { team: 'logistics' }]);
  });

  test('secrets are added, used and removed, but for the last', async () => {
    const { client: made, plainSecret } = await m2m.createOrganizationClient(acme, { name: 'Rotating' });
    const [first] = made.secrets;
    const last = await refused(m2m.removeOrganizationClientSecret(acme, made.clientId, first.id), {
      type: ScalekitBadRequestException,
      grpcStatus: Code.FailedPrecondition,
      httpStatus: 400,
      errorCode: 'FAILED_PRECONDITION',
    });
    assert.match(last.message, /last client cannot be deleted/);
    const { secret, plainSecret: newer } = await m2m.addOrganizationClientSecret(acme, made.clientId);
    await m2m.removeOrganizationClientSecret(acme, made.clientId, first.id);
    assert.deepEqual((await m2m.getOrganizationClient(acme, made.clientId)).client.secrets, [secret]);
    await assert.rejects(client.generateClientToken(made.clientId, plainSecret));
    assert.ok(await client.generateClientToken(made.clientId, newer));
  });

  test('lists have pages', async () => {
    const { id } = (await client.organization.createOrganization('Paged')).organization;
    const empty = await m2m.listOrganizationClients(id);
    assert.deepEqual([empty.totalSize, empty.clients], [0, []]);
    for (const name of ['1', '2', '3']) await m2m.createOrganizationClient(id, { name });
    const page = await m2m.listOrganizationClients(id, { pageSize: 2 });
    assert.deepEqual([page.totalSize, page.clients.map(({ name }) => name)], [3, ['3', '2']]);
    const last = await m2m.listOrganizationClients(id, { pageSize: 2, pageToken: page.nextPageToken });
    assert.deepEqual([last.nextPageToken, last.clients.map(({ name }) => name)], ['', ['1']]);
  });

  test('what is wrong is refused', async () => {
    const { client: made } = await m2m.createOrganizationClient(acme, { name: 'Gone' });
    await m2m.deleteOrganizationClient(acme, made.clientId);
    await refused(m2m.deleteOrganizationClient(acme, made.clientId), notFound);
    await refused(m2m.getOrganizationClient(acme, made.clientId), notFound);
    await refused(m2m.createOrganizationClient('org_1', { name: 'X' }), notFound);
    await refused(m2m.listOrganizationClients('org_1'), notFound);
    const error = await refused(m2m.createOrganizationClient(acme, { scopes: ['a b'] }), {
      type: ScalekitBadRequestException,
      grpcStatus: Code.InvalidArgument,
      httpStatus: 400,
      errorCode: 'INVALID_ARGUMENT',
    });
    assert.deepEqual(violations(error), [['client.scopes[0]', 'scope']]);
  });
});
