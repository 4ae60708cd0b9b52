// Every method of the reference's Organizations chapter (management.md 2 and A.2).

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Server } from './support/server.mjs';

const FEATURES = ['dir_sync', 'domain_verification', 'session_policy', 'sso'];

/** Protobuf timestamps to milliseconds. */
const millis = (timestamp) => Number(timestamp.seconds) * 1000 + timestamp.nanos / 1e6;

const features = (organization) =>
  Object.fromEntries(organization.settings.features.map(({ name, enabled }) => [name, enabled]));

describe('organizations', () => {
  let server;
  let organizations;
  before(async () => {
    server = await Server.start();
    organizations = server.client().organization;
  });
  after(() => server?.stop());

  const create = async (name, options) => (await organizations.createOrganization(name, options)).organization;

  test('create returns the organization with its id, times and every feature off', async () => {
    const begin = Date.now();
    const organization = await create('Acme');
    assert.match(organization.id, /^org_[1-9][0-9]{14,18}$/);
    assert.equal(organization.displayName, 'Acme');
    assert.equal(organization.externalId, undefined);
    assert.equal(organization.slug, undefined);
    assert.equal(organization.logoUrl, undefined);
    assert.deepEqual(organization.metadata, {});
    assert.notEqual(organization.regionCode, 0);
    assert.ok(Math.abs(millis(organization.createTime) - begin) < 60_000);
    assert.deepEqual(organization.updateTime, organization.createTime);
    assert.deepEqual(features(organization), Object.fromEntries(FEATURES.map((name) => [name, false])));
  });

  test('create stores each option', async () => {
    const options = { externalId: 'crm-1', slug: 'globex.eu', logoUrl: 'https://cdn.test/globex.png' };
    const created = await create('Globex', options);
    const { organization } = await organizations.getOrganization(created.id);
    assert.deepEqual(organization, created);
    for (const [name, value] of Object.entries(options)) assert.equal(organization[name], value);
  });

  test('names keep every character of any script', async () => {
    const name = 'Größe «株式会社» \u0645\u0624\u0633\u0633\u0629 🚀';
    const { id } = await create(name);
    assert.equal((await organizations.getOrganization(id)).organization.displayName, name);
  });

  test('get by external id finds the same organization', async () => {
    const created = await create('Initech', { externalId: 'tenant/ä 7?' });
    const { organization } = await organizations.getOrganizationByExternalId('tenant/ä 7?');
    assert.deepEqual(organization, created);
  });

  test('update by id changes the given fields and no others', async () => {
    const created = await create('Hooli', { externalId: 'hooli', slug: 'hooli' });
    const { organization } = await organizations.updateOrganization(created.id, {
      displayName: 'Hooli XYZ',
      metadata: { plan: 'team', region: 'eu-1' },
    });
    assert.equal(organization.displayName, 'Hooli XYZ');
    assert.deepEqual(organization.metadata, { plan: 'team', region: 'eu-1' });
    assert.equal(organization.externalId, 'hooli');
    assert.equal(organization.slug, 'hooli');
    assert.deepEqual(organization.createTime, created.createTime);
    assert.ok(millis(organization.updateTime) > millis(created.updateTime));
    assert.deepEqual((await organizations.getOrganization(created.id)).organization, organization);
  });

  test('update by external id may change that external id', async () => {
    const { id } = await create('Umbrella', { externalId: 'umbrella-old' });
    await organizations.updateOrganizationByExternalId('umbrella-old', { externalId: 'umbrella-new' });
    assert.equal((await organizations.getOrganizationByExternalId('umbrella-new')).organization.id, id);
    await assert.rejects(organizations.getOrganizationByExternalId('umbrella-old'), { name: 'ScalekitNotFoundException' });
  });

  test('metadata is replaced as a whole, and kept when none is sent', async () => {
    const { id } = await create('Stark');
    await organizations.updateOrganization(id, { metadata: { plan: 'team', owner: 'tony' } });
    await organizations.updateOrganization(id, { metadata: { plan: 'enterprise' } });
    const { organization } = await organizations.updateOrganization(id, { displayName: 'Stark Inc', metadata: {} });
    assert.deepEqual(organization.metadata, { plan: 'enterprise' });
  });

  test('an empty slug or logo clears it', async () => {
    const { id } = await create('Wayne', { slug: 'wayne', logoUrl: 'https://cdn.test/w.png' });
    const { organization } = await organizations.updateOrganization(id, { slug: '', logoUrl: '' });
    assert.ok(!organization.slug);
    assert.ok(!organization.logoUrl);
    assert.equal((await create('Wayne 2', { slug: 'wayne' })).slug, 'wayne');
  });

  test('settings turn single features on and off, and answer with all of them', async () => {
    const { id } = await create('Tyrell');
    const set = async (name, enabled) =>
      features((await organizations.updateOrganizationSettings(id, { features: [{ name, enabled }] })).organization);
    const off = Object.fromEntries(FEATURES.map((name) => [name, false]));
    assert.deepEqual(await set('sso', true), { ...off, sso: true });
    assert.deepEqual(await set('dir_sync', true), { ...off, sso: true, dir_sync: true });
    assert.deepEqual(await set('sso', false), { ...off, dir_sync: true });
    assert.deepEqual(await set('directory_sync', false), off, 'directory_sync is an alias of dir_sync');
    assert.deepEqual(await set('directory_sync', true), { ...off, dir_sync: true });
    assert.deepEqual(features((await organizations.getOrganization(id)).organization), { ...off, dir_sync: true });
  });

  test('the user limit is absent until set, and can be lifted', async () => {
    const { id } = await create('Soylent');
    const stored = async () => (await organizations.getOrganizationUserManagementSetting(id)).settings?.maxAllowedUsers;
    assert.equal(await stored(), undefined);
    const settings = await organizations.upsertUserManagementSettings(id, { maxAllowedUsers: 150 });
    assert.equal(settings.maxAllowedUsers, 150);
    assert.equal(await stored(), 150);
    await organizations.upsertUserManagementSettings(id, { maxAllowedUsers: null });
    assert.ok(!(await stored()), 'no limit');
  });

  test('the session policy is the application\'s until customized, and is reported in minutes', async () => {
    const { id } = await create('Cyberdyne');
    const APPLICATION = 1;
    const CUSTOM = 2;
    const MINUTES = 1;
    const inherited = await organizations.getOrganizationSessionPolicy(id);
    assert.equal(inherited.policySource, APPLICATION);
    assert.equal(inherited.absoluteSessionTimeout, undefined);
    assert.equal(inherited.idleSessionTimeout, undefined);

    const custom = await organizations.updateOrganizationSessionPolicy(id, {
      policySource: 'CUSTOM',
      absoluteSessionTimeout: 8,
      absoluteSessionTimeoutUnit: 'HOURS',
      idleSessionTimeoutEnabled: true,
      idleSessionTimeout: 60,
      idleSessionTimeoutUnit: 'MINUTES',
    });
    assert.equal(custom.policySource, CUSTOM);
    assert.equal(custom.absoluteSessionTimeout, 480);
    assert.equal(custom.absoluteSessionTimeoutUnit, MINUTES);
    assert.equal(custom.idleSessionTimeoutEnabled, true);
    assert.equal(custom.idleSessionTimeout, 60);
    assert.equal(custom.idleSessionTimeoutUnit, MINUTES);
    assert.deepEqual(await organizations.getOrganizationSessionPolicy(id), custom);

    await organizations.updateOrganizationSessionPolicy(id, { policySource: 'APPLICATION' });
    assert.deepEqual(await organizations.getOrganizationSessionPolicy(id), inherited);
  });

  test('a portal link opens in the environment, is new each time and lives a minute', async () => {
    const { id } = await create('Vandelay');
    await organizations.updateOrganizationSettings(id, { features: [{ name: 'sso', enabled: true }] });
    const link = await organizations.generatePortalLink(id);
    assert.match(link.id, /\S/);
    assert.ok(link.location.startsWith(`${server.url}/magicLink/`), link.location);
    assert.match(link.location, /\/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    const lifetime = millis(link.expireTime) - Date.now();
    assert.ok(lifetime > 45_000 && lifetime <= 61_000, `${lifetime} ms`);
    const second = await organizations.generatePortalLink(id);
    assert.notEqual(second.location, link.location);
  });

  test('delete removes it for good and frees its external id', async () => {
    const { id } = await create('Pied Piper', { externalId: 'pied-piper' });
    await organizations.deleteOrganization(id);
    const gone = { name: 'ScalekitNotFoundException' };
    await assert.rejects(organizations.getOrganization(id), gone);
    await assert.rejects(organizations.getOrganizationByExternalId('pied-piper'), gone);
    await assert.rejects(organizations.deleteOrganization(id), gone);
    const reborn = await create('Pied Piper', { externalId: 'pied-piper' });
    assert.notEqual(reborn.id, id);
  });

  test('of ten concurrent creates with one external id, one succeeds', async () => {
    const creates = Array.from({ length: 10 }, (_, n) => create(`Racer ${n}`, { externalId: 'race' }));
    const results = await Promise.allSettled(creates);
    const winners = results.filter(({ status }) => status === 'fulfilled');
    assert.equal(winners.length, 1);
    for (const { reason } of results.filter(({ status }) => status === 'rejected')) {
      assert.equal(reason.name, 'ScalekitConflictException');
    }
    assert.equal((await organizations.getOrganizationByExternalId('race')).organization.id, winners[0].value.id);
  });
});

describe('lists of organizations', () => {
  let server;
  let organizations;
  const newestFirst = [];
  before(async () => {
    server = await Server.start();
    organizations = server.client().organization;
    for (const name of ['Alpha', 'Beta', 'Gamma', 'Delta', 'Epsilon']) {
      const created = await organizations.createOrganization(`${name} Holding`, { externalId: `crm-${name}` });
      newestFirst.unshift(created.organization.id);
    }
  });
  after(() => server?.stop());

  const ids = (page) => page.organizations.map(({ id }) => id);

  test('without options gives the newest first', async () => {
    const page = await organizations.listOrganization();
    assert.deepEqual(ids(page), newestFirst);
    assert.equal(page.totalSize, 5);
    assert.equal(page.nextPageToken, '');
    assert.equal(page.prevPageToken, '');
  });

  test('pages forwards to the end and backwards to the start', async () => {
    const pages = [await organizations.listOrganization({ pageSize: 2 })];
    while (pages.at(-1).nextPageToken !== '') {
      assert.ok(pages.length < 5, 'the last page has no next one');
      pages.push(await organizations.listOrganization({ pageSize: 2, pageToken: pages.at(-1).nextPageToken }));
    }
    assert.deepEqual(pages.map(ids), [newestFirst.slice(0, 2), newestFirst.slice(2, 4), newestFirst.slice(4)]);
    assert.deepEqual(pages.map(({ totalSize }) => totalSize), [5, 5, 5]);
    assert.equal(pages[0].prevPageToken, '');

    const back = await organizations.listOrganization({ pageSize: 2, pageToken: pages[2].prevPageToken });
    assert.deepEqual(ids(back), ids(pages[1]));
    const first = await organizations.listOrganization({ pageSize: 2, pageToken: back.prevPageToken });
    assert.deepEqual(ids(first), ids(pages[0]));
    assert.equal(first.prevPageToken, '');
    const forth = await organizations.listOrganization({ pageSize: 2, pageToken: first.nextPageToken });
    assert.deepEqual(ids(forth), ids(pages[1]));
  });

  test('page size 0 means the default and a huge one is cut', async () => {
    assert.deepEqual(ids(await organizations.listOrganization({ pageSize: 0 })), newestFirst);
    assert.deepEqual(ids(await organizations.listOrganization({ pageSize: 1_000_000 })), newestFirst);
  });

  test('search looks into name, id and external id, whatever the case', async () => {
    const found = async (query) => ids(await organizations.searchOrganization(query)).sort();
    assert.deepEqual(await found('hOLDing'), newestFirst.toSorted());
    assert.deepEqual(await found('gamma'), [newestFirst[2]]);
    assert.deepEqual(await found('CRM-BETA'), [newestFirst[3]]);
    assert.deepEqual(await found(newestFirst[0]), [newestFirst[0]]);
    assert.deepEqual(await found('no such thing'), []);
    assert.deepEqual(await found('___'), [], 'no wildcards');
    assert.deepEqual(await found('%%%'), [], 'no wildcards');
  });

  test('search pages like a list', async () => {
    const first = await organizations.searchOrganization('holding', 3);
    assert.equal(first.organizations.length, 3);
    assert.equal(first.totalSize, 5);
    const second = await organizations.searchOrganization('holding', 3, first.nextPageToken);
    assert.equal(second.organizations.length, 2);
    assert.equal(second.nextPageToken, '');
    assert.deepEqual([...ids(first), ...ids(second)].sort(), newestFirst.toSorted());
    const back = await organizations.searchOrganization('holding', 3, second.prevPageToken);
    assert.deepEqual(ids(back), ids(first));
  });

  test('a page token is refused by another list and when it was made up', async () => {
    const { nextPageToken } = await organizations.searchOrganization('holding', 2);
    const bad = { name: 'ScalekitBadRequestException' };
    await assert.rejects(organizations.listOrganization({ pageSize: 2, pageToken: nextPageToken }), bad);
    await assert.rejects(organizations.searchOrganization('gamma', 2, nextPageToken), bad);
    await assert.rejects(organizations.listOrganization({ pageToken: 'made-up' }), bad);
  });
});
