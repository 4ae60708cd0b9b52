// Sessions, passkeys and sign-ins on the application's own page (management.md 8, 9.2, 9.4). They begin with a login in a
// browser, so here are users who have none yet; test_sessions.py shows them.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ScalekitBadRequestException, ScalekitNotFoundException } from '@scalekit-sdk/node';
import { Code, refused, violations } from './support/errors.mjs';
import { Server } from './support/server.mjs';

const notFound = { type: ScalekitNotFoundException, grpcStatus: Code.NotFound, httpStatus: 404, errorCode: 'NOT_FOUND' };
const badRequest = {
  type: ScalekitBadRequestException,
  grpcStatus: Code.InvalidArgument,
  httpStatus: 400,
  errorCode: 'INVALID_ARGUMENT',
};

describe('sessions, passkeys and reported sign-ins', () => {
  let server;
  let client;
  let dana;
  before(async () => {
    server = await Server.start();
    client = server.client();
    const acme = (await client.organization.createOrganization('Acme')).organization.id;
    const options = { email: 'dana@acme.test', sendInvitationEmail: false };
    dana = (await client.user.createUserAndMembership(acme, options)).user.id;
  });
  after(() => server?.stop());

  test('a user who never signed in has no sessions', async () => {
    const filter = { status: ['active', 'expired', 'revoked', 'logout'], startTime: new Date(0), endTime: new Date() };
    for (const options of [undefined, { pageSize: 20 }, { pageSize: 20, filter }]) {
      const list = await client.session.getUserSessions(dana, options);
      assert.deepEqual([list.sessions, list.totalSize, list.nextPageToken, list.prevPageToken], [[], 0, '', '']);
    }
    const revoked = await client.session.revokeAllUserSessions(dana);
    assert.deepEqual([revoked.revokedSessions, revoked.totalRevoked], [[], 0]);
  });

  test('sessions and users that do not exist are not found', async () => {
    await refused(client.session.getSession('ses_1'), notFound);
    await refused(client.session.revokeSession('ses_1'), notFound);
    await refused(client.session.getUserSessions('usr_1'), notFound);
    await refused(client.session.revokeAllUserSessions('usr_1'), notFound);
  });

  test('what is no id, status, range or page of sessions is refused', async () => {
    for (const id of ['ses_', 'ses_abc', 'ses_123abc', 'session_1']) {
      const error = await refused(client.session.getSession(id), badRequest);
      assert.deepEqual(violations(error), [['session_id', 'string.pattern']]);
      await refused(client.session.revokeSession(id), badRequest);
    }
    await refused(client.session.getUserSessions('dana'), badRequest);
    await refused(client.session.revokeAllUserSessions('dana'), badRequest);
    await refused(client.session.getUserSessions(dana, { pageToken: 'x' }), badRequest);
    await refused(client.session.getUserSessions(dana, { filter: { status: ['ended'] } }), badRequest);
    const backwards = { startTime: new Date(1000), endTime: new Date(0) };
    await refused(client.session.getUserSessions(dana, { filter: backwards }), badRequest);
  });

  test('a user without passkeys has none', async () => {
    const { credentials, allAcceptedCredentialsOptions } = await client.webauthn.listCredentials(dana);
    assert.deepEqual(credentials, []);
    assert.equal(allAcceptedCredentialsOptions.rpId, 'localhost');
    assert.match(allAcceptedCredentialsOptions.userId, /^[A-Za-z0-9_-]{22}$/);
    assert.deepEqual(allAcceptedCredentialsOptions.allAcceptedCredentialIds, []);
    await refused(client.webauthn.listCredentials('usr_1'), notFound);
    await refused(client.webauthn.updateCredential('cred_1', 'My YubiKey'), notFound);
    await refused(client.webauthn.deleteCredential('cred_1'), notFound);
    const error = await refused(client.webauthn.updateCredential('cred_1', 'x'.repeat(121)), badRequest);
    assert.deepEqual(violations(error), [['display_name', 'string.max_len']]);
  });

  test('a report on no login request is refused', async () => {
    const user = { sub: 'u-4471', email: 'dana@acme.test', customAttributes: { tier: 'gold' } };
    const error = await refused(client.auth.updateLoginUserDetails('conn_1', 'lri_1', user), badRequest);
    assert.deepEqual(violations(error), [['login_request_id', 'login_request']]);
    await refused(client.auth.updateLoginUserDetails('conn_1', 'login_xyz789', user), badRequest);
    await refused(client.auth.updateLoginUserDetails('res_1', 'lri_1', user), badRequest);
    const nobody = await refused(client.auth.updateLoginUserDetails('conn_1', 'lri_1', { sub: 'u-4471' }), badRequest);
    assert.match(nobody.message, /sub and email must be non-empty/);
  });
});
