// Every method of the SDK's domain class (management.md 5 and A.4).

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Server } from './support/server.mjs';

const TYPE = { allowed: 1, organization: 2 };
const STATUS = { verified: 2, autoVerified: 4 };
const METHOD = { admin: 1, notApplicable: 3 };

describe('domains', () => {
  let server;
  let client;
  let organizationId;
  before(async () => {
    server = await Server.start();
    client = server.client();
    organizationId = (await client.organization.createOrganization('Acme')).organization.id;
  });
  after(() => server?.stop());

  test('an organization domain is verified at once, by word', async () => {
    const { domain } = await client.domain.createDomain(organizationId, 'Customerdomain-1.com');
    assert.match(domain.id, /^dom_[1-9][0-9]{14,18}$/);
    assert.equal(domain.domain, 'customerdomain-1.com');
    assert.equal(domain.organizationId, organizationId);
    assert.equal(domain.domainType, TYPE.organization);
    assert.equal(domain.verificationStatus, STATUS.verified);
    assert.equal(domain.verificationMethod, METHOD.admin);
    assert.deepEqual((await client.domain.getDomain(organizationId, domain.id)).domain, domain);
  });

  test('the type may be a number or a name', async () => {
    for (const [name, domainType] of [['by-number.com', TYPE.allowed], ['by-name.com', 'ALLOWED_EMAIL_DOMAIN']]) {
      const { domain } = await client.domain.createDomain(organizationId, name, { domainType });
      assert.equal(domain.domainType, TYPE.allowed);
      assert.equal(domain.verificationStatus, STATUS.autoVerified);
      assert.equal(domain.verificationMethod, METHOD.notApplicable);
    }
  });

  test('lists filter by type', async () => {
    const { organization } = await client.organization.createOrganization('Lists');
    await client.domain.createDomain(organization.id, 'one.example', { domainType: 'ORGANIZATION_DOMAIN' });
    await client.domain.createDomain(organization.id, 'two.example', { domainType: 'ALLOWED_EMAIL_DOMAIN' });
    const names = async (options) =>
      (await client.domain.listDomains(organization.id, options)).domains.map(({ domain }) => domain);
    assert.deepEqual(await names(), ['two.example', 'one.example']);
    assert.deepEqual(await names({ domainType: 'ALLOWED_EMAIL_DOMAIN' }), ['two.example']);
    assert.deepEqual(await names({ domainType: TYPE.organization }), ['one.example']);
  });

  test('a deleted domain is gone', async () => {
    const { domain } = await client.domain.createDomain(organizationId, 'gone.example');
    await client.domain.deleteDomain(organizationId, domain.id);
    await assert.rejects(client.domain.getDomain(organizationId, domain.id), { name: 'ScalekitNotFoundException' });
    await assert.rejects(client.domain.deleteDomain(organizationId, domain.id), { name: 'ScalekitNotFoundException' });
  });

  test('what cannot be added is a bad request, or a conflict with another organization', async () => {
    await client.domain.createDomain(organizationId, 'taken.example');
    for (const name of ['taken.example', 'gmail.com', 'mailinator.com', 'co.uk', 'https://acme.example', '192.0.2.1']) {
      await assert.rejects(client.domain.createDomain(organizationId, name), { name: 'ScalekitBadRequestException' });
    }
    const { organization } = await client.organization.createOrganization('Other');
    await assert.rejects(client.domain.createDomain(organization.id, 'taken.example'), {
      name: 'ScalekitConflictException',
    });
  });
});
