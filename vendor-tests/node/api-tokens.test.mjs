// API keys (management.md 10.2).

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  ScalekitBadRequestException,
  ScalekitNotFoundException,
  ScalekitValidateTokenFailureException,
} from '@scalekit-sdk/node';
import { Code, refused } from './support/errors.mjs';
import { Server } from './support/server.mjs';

const notFound = { type: ScalekitNotFoundException, grpcStatus: Code.NotFound, httpStatus: 404, errorCode: 'NOT_FOUND' };
const badRequest = {
  type: ScalekitBadRequestException,
  grpcStatus: Code.InvalidArgument,
  httpStatus: 400,
  errorCode: 'INVALID_ARGUMENT',
};

describe('API keys', () => {
  let server;
  let client;
  let keys;
  let acme;
  before(async () => {
    server = await Server.start();
    client = server.client();
    keys = client.token;
    acme = (await client.organization.createOrganization('Acme', { externalId: 'crm-7' })).organization.id;
  });
  after(() => server?.stop());

  test('a key is created, validated and invalidated', async () => {
    const expiry = { seconds: 4102444800n, nanos: 0 };
    const made = await keys.createToken(acme, { customClaims: { team: 'ops' }, description: 'CI', expiry });
    assert.match(made.tokenId, /^apit_[0-9]+$/);
    const { tokenInfo } = made;
    assert.deepEqual([tokenInfo.organizationId, tokenInfo.organizationExternalId], [acme, 'crm-7']);
    assert.deepEqual([tokenInfo.customClaims, tokenInfo.description], [{ team: 'ops' }, 'CI']);
    assert.equal(tokenInfo.expiry.seconds, expiry.seconds);
    assert.ok(made.token.endsWith(tokenInfo.tokenSuffix));
    assert.deepEqual((await keys.validateToken(made.token)).tokenInfo, tokenInfo);
    assert.deepEqual((await keys.validateToken(made.tokenId)).tokenInfo, tokenInfo);
    await keys.invalidateToken(made.token);
    await keys.invalidateToken(made.token);
    await assert.rejects(keys.validateToken(made.token), ScalekitValidateTokenFailureException);
    await assert.rejects(keys.validateToken(made.tokenId), ScalekitValidateTokenFailureException);
    await refused(keys.updateToken(made.token, { description: 'x' }), notFound);
  });

  test('a key of a member tells of the member', async () => {
    const options = { email: 'dana@acme.test', externalId: 'emp-1', sendInvitationEmail: false };
    const { user } = await client.user.createUserAndMembership(acme, options);
    const { token } = await keys.createToken(acme, { userId: user.id });
    const { tokenInfo } = await keys.validateToken(token);
    assert.deepEqual([tokenInfo.userId, tokenInfo.userExternalId, tokenInfo.email], [user.id, 'emp-1', 'dana@acme.test']);
    assert.ok(tokenInfo.roles.length > 0);
    const list = await keys.listTokens(acme, { userId: user.id });
    assert.deepEqual([list.totalCount, list.tokens], [1, [tokenInfo]]);
  });

  test('claims are replaced and the description is cleared', async () => {
    const made = await keys.createToken(acme, { customClaims: { a: '1', b: '2' }, description: 'CI' });
    const { tokenInfo } = await keys.updateToken(made.token, { customClaims: { c: '3' } });
    assert.deepEqual([tokenInfo.customClaims, tokenInfo.description], [{ c: '3' }, 'CI']);
    const cleared = (await keys.updateToken(made.tokenId, { description: '' })).tokenInfo;
    assert.deepEqual([cleared.customClaims, cleared.description ?? ''], [{ c: '3' }, '']);
    await refused(keys.updateToken(made.token, { customClaims: { c: '' } }), badRequest);
    assert.deepEqual((await keys.validateToken(made.token)).tokenInfo, cleared);
  });

  test('lists have pages', async () => {
    const { id } = (await client.organization.createOrganization('Paged')).organization;
    const made = [];
    for (let number = 0; number < 3; number += 1) made.unshift((await keys.createToken(id)).tokenId);
    const page = await keys.listTokens(id, { pageSize: 2 });
    assert.equal(page.totalCount, 3);
    const last = await keys.listTokens(id, { pageSize: 2, pageToken: page.nextPageToken });
    assert.deepEqual([...page.tokens, ...last.tokens].map(({ tokenId }) => tokenId), made);
    assert.equal(last.nextPageToken, '');
    await refused(keys.listTokens(id, { pageSize: 31 }), badRequest);
  });

  test('what is wrong is refused', async () => {
    await assert.rejects(keys.validateToken('nonsense'), ScalekitValidateTokenFailureException);
    await refused(keys.invalidateToken('nonsense'), notFound);
    await refused(keys.createToken('org_1'), notFound);
    await refused(keys.createToken(acme, { userId: 'usr_1' }), notFound);
    await refused(keys.createToken(acme, { expiry: { seconds: 1n, nanos: 0 } }), badRequest);
    await refused(keys.listTokens('org_1'), notFound);
  });
});
