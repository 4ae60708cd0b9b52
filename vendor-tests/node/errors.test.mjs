// The SDK's error classes and their members, for the errors that organizations give (auth.md 8.3, management.md 0.9).

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  ScalekitBadRequestException,
  ScalekitConflictException,
  ScalekitNotFoundException,
  ScalekitUnauthorizedException,
} from '@scalekit-sdk/node';
import { Code, refused, violations } from './support/errors.mjs';
import { Server } from './support/server.mjs';

const BAD_REQUEST = {
  type: ScalekitBadRequestException,
  grpcStatus: Code.InvalidArgument,
  httpStatus: 400,
  errorCode: 'INVALID_ARGUMENT',
};
const NOT_FOUND = { type: ScalekitNotFoundException, grpcStatus: Code.NotFound, httpStatus: 404, errorCode: 'NOT_FOUND' };
const CONFLICT = {
  type: ScalekitConflictException,
  grpcStatus: Code.AlreadyExists,
  httpStatus: 409,
  errorCode: 'ALREADY_EXISTS',
};

const UNKNOWN_ID = 'org_100000000000000001';

describe('errors', () => {
  let server;
  let organizations;
  let acme;
  before(async () => {
    server = await Server.start();
    organizations = server.client().organization;
    acme = (await organizations.createOrganization('Acme', { externalId: 'crm-7', slug: 'acme' })).organization;
  });
  after(() => server?.stop());

  test('an unknown id is not found, by every method that takes one', async () => {
    const calls = [
      organizations.getOrganization(UNKNOWN_ID),
      organizations.updateOrganization(UNKNOWN_ID, { displayName: 'x' }),
      organizations.deleteOrganization(UNKNOWN_ID),
      organizations.generatePortalLink(UNKNOWN_ID),
      organizations.updateOrganizationSettings(UNKNOWN_ID, { features: [{ name: 'sso', enabled: true }] }),
      organizations.upsertUserManagementSettings(UNKNOWN_ID, { maxAllowedUsers: 1 }),
      organizations.getOrganizationUserManagementSetting(UNKNOWN_ID),
      organizations.getOrganizationSessionPolicy(UNKNOWN_ID),
      organizations.updateOrganizationSessionPolicy(UNKNOWN_ID, { policySource: 'APPLICATION' }),
    ];
    for (const result of calls.map((call) => refused(call, NOT_FOUND))) await result;
  });

  test('an unknown external id is not found', async () => {
    await refused(organizations.getOrganizationByExternalId('nobody'), NOT_FOUND);
    await refused(organizations.updateOrganizationByExternalId('nobody', { displayName: 'x' }), NOT_FOUND);
  });

  test('an organization of another environment is not found', async () => {
    const other = await Server.start();
    try {
      const { organization } = await other.client().organization.createOrganization('Foreign');
      await refused(organizations.getOrganization(organization.id), NOT_FOUND);
    } finally {
      await other.stop();
    }
  });

  test('a name that is empty or too long names the field and the rule', async () => {
    const empty = await refused(organizations.createOrganization(''), BAD_REQUEST);
    assert.deepEqual(violations(empty), [['organization.display_name', 'string.min_len']]);
    const long = await refused(organizations.createOrganization('x'.repeat(201)), BAD_REQUEST);
    assert.deepEqual(violations(long), [['organization.display_name', 'string.max_len']]);
    await organizations.createOrganization('ä'.repeat(200));
    const renamed = await refused(organizations.updateOrganization(acme.id, { displayName: '' }), BAD_REQUEST);
    assert.deepEqual(violations(renamed), [['organization.display_name', 'string.min_len']]);
  });

  test('every broken rule is reported at once', async () => {
    const call = organizations.createOrganization('', { slug: 'Not A Slug', logoUrl: `https://${'l'.repeat(1024)}` });
    const fields = violations(await refused(call, BAD_REQUEST));
    assert.deepEqual(fields.toSorted(), [
      ['organization.display_name', 'string.min_len'],
      ['organization.logo_url', 'string.max_len'],
      ['organization.slug', 'string.pattern'],
    ]);
  });

  test('a logo has to be https', async () => {
    const error = await refused(organizations.createOrganization('x', { logoUrl: 'http://cdn.test/x.png' }), BAD_REQUEST);
    assert.deepEqual(violations(error).map(([field]) => field), ['organization.logo_url']);
  });

  test('metadata has limits on its number, keys and values', async () => {
    const eleven = Object.fromEntries(Array.from({ length: 11 }, (_, n) => [`key${n}`, 'v']));
    const tries = [eleven, { ab: 'short key' }, { ['k'.repeat(26)]: 'long key' }, { key: '' }, { key: 'v'.repeat(257) }];
    for (const metadata of tries) {
      const error = await refused(organizations.updateOrganization(acme.id, { metadata }), BAD_REQUEST);
      assert.ok(violations(error)[0][0].startsWith('organization.metadata'), JSON.stringify(violations(error)));
    }
    assert.deepEqual((await organizations.getOrganization(acme.id)).organization.metadata, {});
  });

  test('an id of another kind, of no kind or too long is a bad request', async () => {
    for (const id of ['usr_100000000000000001', 'nonsense', `org_${'1'.repeat(29)}`]) {
      await refused(organizations.getOrganization(id), BAD_REQUEST);
    }
    const error = await refused(organizations.generatePortalLink('usr_1'), BAD_REQUEST);
    assert.deepEqual(violations(error), [['id', 'string.prefix']]);
  });

  test('a taken external id or slug is a conflict that names it, and writes nothing', async () => {
    await refused(organizations.createOrganization('Acme 2', { externalId: 'crm-7' }), { ...CONFLICT, message: /external/i });
    await refused(organizations.createOrganization('Acme 3', { slug: 'acme' }), { ...CONFLICT, message: /slug/i });
    const { organization } = await organizations.createOrganization('Acme 4');
    await refused(organizations.updateOrganization(organization.id, { externalId: 'crm-7' }), CONFLICT);
    await refused(organizations.updateOrganization(organization.id, { slug: 'acme' }), CONFLICT);
    const { organizations: found } = await organizations.searchOrganization('acme');
    assert.deepEqual(found.map(({ displayName }) => displayName).sort(), ['Acme', 'Acme 4']);
    assert.deepEqual((await organizations.getOrganization(organization.id)).organization, organization);
  });

  test('an unknown feature is a bad request and changes none', async () => {
    const settings = { features: [{ name: 'sso', enabled: true }, { name: 'teleport', enabled: true }] };
    await refused(organizations.updateOrganizationSettings(acme.id, settings), BAD_REQUEST);
    assert.deepEqual((await organizations.getOrganization(acme.id)).organization, acme);
  });

  test('a portal link for a disabled feature is a bad request', async () => {
    const DIR_SYNC = 1;
    // The method of the SDK cannot name features; its own connection can.
    const client = server.client();
    const ask = (features) =>
      client.coreClient.connectExec(client.organization.client.generatePortalLink, { id: acme.id, features });
    await refused(ask([DIR_SYNC]), BAD_REQUEST);
    await client.organization.updateOrganizationSettings(acme.id, { features: [{ name: 'dir_sync', enabled: true }] });
    assert.ok((await ask([DIR_SYNC])).link.location);
    await client.organization.updateOrganizationSettings(acme.id, { features: [{ name: 'dir_sync', enabled: false }] });
  });

  test('a search needs 3 to 100 characters and at most 30 per page', async () => {
    const tries = [
      [['ab'], ['query', 'string.min_len']],
      [['q'.repeat(101)], ['query', 'string.max_len']],
      [['acme', 31], ['page_size', 'uint32.lte']],
    ];
    for (const [args, violation] of tries) {
      const error = await refused(organizations.searchOrganization(...args), BAD_REQUEST);
      assert.deepEqual(violations(error), [violation]);
    }
  });

  test('a custom session policy has to be ordered, complete and in range', async () => {
    const policy = {
      policySource: 'CUSTOM',
      absoluteSessionTimeout: 60,
      absoluteSessionTimeoutUnit: 'MINUTES',
      idleSessionTimeoutEnabled: true,
      idleSessionTimeout: 2,
      idleSessionTimeoutUnit: 'HOURS',
    };
    const update = (changes) => organizations.updateOrganizationSessionPolicy(acme.id, { ...policy, ...changes });
    await refused(update({}), BAD_REQUEST);
    await refused(update({ absoluteSessionTimeout: undefined }), BAD_REQUEST);
    await refused(update({ absoluteSessionTimeout: 366, absoluteSessionTimeoutUnit: 'DAYS' }), BAD_REQUEST);
    await refused(update({ idleSessionTimeout: -1 }), BAD_REQUEST);
    assert.equal((await organizations.getOrganizationSessionPolicy(acme.id)).policySource, 1);
  });

  test('what no database or terminal should get is a bad request', async () => {
    const hostile = [
      organizations.createOrganization('nul\0'),
      organizations.createOrganization('\u202Eesrever'),
      organizations.createOrganization('\u200B'),
      organizations.createOrganization('x', { externalId: 'nul\0' }),
      organizations.createOrganization('x', { externalId: 'e'.repeat(256) }),
      organizations.getOrganizationByExternalId('nul\0'),
      organizations.searchOrganization('nul\0'),
      organizations.listOrganization({ pageToken: 't'.repeat(100_000) }),
      organizations.createOrganization('n'.repeat(10_000_000)),
    ];
    for (const result of hostile.map((call) => refused(call, BAD_REQUEST))) await result;
  });

  test('texts with characters beyond ASCII arrive whole', async () => {
    const error = await refused(
      organizations.updateOrganizationSettings(acme.id, { features: [{ name: 'téléport 🚀', enabled: true }] }),
      BAD_REQUEST,
    );
    assert.doesNotMatch(error.message, /\uFFFD|%[0-9A-F]{2}/);
  });

  test('a wrong secret is refused with 401 and says invalid_client', async () => {
    const client = server.client({ SCALEKIT_CLIENT_SECRET: 'wrong' });
    // For a plain HTTP failure the SDK keeps the reason phrase and the body instead of details.
    const error = await client.getClientAccessToken().catch((rejection) => rejection);
    assert.ok(error instanceof ScalekitUnauthorizedException, String(error));
    assert.equal(error.httpStatus, 401);
    assert.equal(error.grpcStatus, Code.Unauthenticated);
    assert.equal(error.errorCode, 'Unauthorized');
    assert.equal(error.errDetails.error, 'invalid_client');
    // On a management call it is the token request that fails, and the SDK lets that error through as it is.
    const failure = await client.organization.getOrganization(acme.id).catch((rejection) => rejection);
    assert.equal(failure.response.status, 401);
    assert.equal(failure.response.data.error, 'invalid_client');
  });

  test('an unknown client is refused like a wrong secret', async () => {
    const { SCALEKIT_CLIENT_SECRET } = server.credentials;
    const client = server.client({ SCALEKIT_CLIENT_ID: 'skc_100000000000000001', SCALEKIT_CLIENT_SECRET });
    const error = await client.getClientAccessToken().catch((rejection) => rejection);
    assert.ok(error instanceof ScalekitUnauthorizedException, String(error));
    assert.equal(error.errDetails.error, 'invalid_client');
  });
});
