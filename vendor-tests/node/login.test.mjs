// Signing in with the vendor's SDK: authorization URL, code, tokens, refresh, logout (auth.md 8.4 to 8.7).

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { ScalekitValidateTokenFailureException } from '@scalekit-sdk/node';
import { Browser } from './support/browser.mjs';
import { freePort, Server } from './support/server.mjs';

const CALLBACK = 'https://app.acme.test/callback';
const BYE = 'https://app.acme.test/bye';
const scopes = ['openid', 'profile', 'email', 'offline_access'];

const claims = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url'));

describe('login', () => {
  let server;
  let client;
  let acme;
  let users = 0;
  const options = (more) => ({ state: 'st 1', nonce: 'n-1', scopes, ...more });
  /** Makes a user, signs her in with a new browser or the one that is given, and answers with the code. */
  async function code({ browser = new Browser(server.url), ...more } = {}) {
    // Everybody gets two mails a minute at the most.
    users += 1;
    const email = `dana${users}@acme.test`;
    const user = { email, sendInvitationEmail: false, userProfile: { firstName: 'Dana', lastName: 'Reyes' } };
    await client.user.createUserAndMembership(acme, user);
    const url = client.getAuthorizationUrl(CALLBACK, options(more));
    const back = await browser.signIn(url, email, server.metrics);
    assert.equal(`${back.origin}${back.pathname}`, CALLBACK);
    assert.equal(back.searchParams.get('state'), 'st 1');
    assert.equal(back.searchParams.get('error'), null, back.href);
    return back.searchParams.get('code');
  }
  before(async () => {
    server = await Server.start({ metrics: `127.0.0.1:${await freePort()}` });
    client = server.client();
    acme = (await client.organization.createOrganization('Acme', { externalId: 'crm-7' })).organization.id;
    const token = await client.generateClientToken(server.credentials.SCALEKIT_CLIENT_ID, server.credentials.SCALEKIT_CLIENT_SECRET);
    const call = async (method, path, body) => {
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
      const answer = await fetch(`${server.url}${path}`, { method, headers, body: JSON.stringify(body) });
      assert.ok(answer.ok, `${path}: ${answer.status} ${await answer.text()}`);
    };
    await call('POST', '/api/v1/environment/redirect-uris', { redirect_uri: CALLBACK });
    const id = server.credentials.SCALEKIT_CLIENT_ID;
    await call('PATCH', `/api/v1/clients/${id}`, { post_logout_redirect_uris: [BYE] });
  });
  after(() => server?.stop());

  test('a code gives the user and tokens, once', async () => {
    const given = await code();
    const result = await client.authenticateWithCode(given, CALLBACK);
    const dana = result.user.id;
    assert.match(dana, /^usr_\d+$/);
    assert.deepEqual(
      [result.user.email, result.user.emailVerified, result.user.givenName, result.user.familyName],
      ['dana1@acme.test', true, 'Dana', 'Reyes'],
    );
    assert.ok(result.expiresIn > 290 && result.expiresIn <= 300, `${result.expiresIn}`);
    const [id, access] = [claims(result.idToken), claims(result.accessToken)];
    assert.deepEqual([id.nonce, id.oid, id.sid, id.aud], ['n-1', acme, access.sid, [server.credentials.SCALEKIT_CLIENT_ID]]);
    assert.match(id.amr[0], /^conn_\d+$/);
    assert.deepEqual([access.sub, access.oid, access.xoid, access.roles], [dana, acme, 'crm-7', ['member']]);
    const wanted = { issuer: server.url, audience: [server.credentials.SCALEKIT_CLIENT_ID], requiredScopes: ['email'] };
    assert.equal((await client.validateToken(result.accessToken, wanted)).sub, dana);
    assert.equal(await client.validateAccessToken(result.accessToken), true);
    const other = client.validateToken(result.accessToken, { requiredScopes: ['orders:read'] });
    await assert.rejects(other, ScalekitValidateTokenFailureException);
    await assert.rejects(client.authenticateWithCode(given, CALLBACK), (error) => {
      assert.deepEqual([error.response.status, error.response.data.error], [400, 'invalid_grant']);
      return true;
    });
  });

  test('a code with PKCE wants its verifier', async () => {
    const codeVerifier = randomBytes(32).toString('base64url');
    const codeChallenge = createHash('sha256').update(codeVerifier).digest('base64url');
    const pkce = { codeChallenge, codeChallengeMethod: 'S256' };
    const result = await client.authenticateWithCode(await code(pkce), CALLBACK, { codeVerifier });
    assert.match(result.user.id, /^usr_\d+$/);
    await assert.rejects(client.authenticateWithCode(await code(pkce), CALLBACK), /400/);
  });

  test('a refresh gives new tokens; two at once get the same successor', async () => {
    const { refreshToken } = await client.authenticateWithCode(await code(), CALLBACK);
    const [first, second] = await Promise.all([client.refreshAccessToken(refreshToken), client.refreshAccessToken(refreshToken)]);
    assert.notEqual(first.refreshToken, refreshToken);
    assert.equal(first.refreshToken, second.refreshToken);
    assert.equal(await client.validateAccessToken(first.accessToken), true);
    await client.refreshAccessToken(first.refreshToken);
    // Older than the predecessor: somebody else has it, and the whole family ends.
    await assert.rejects(client.refreshAccessToken(refreshToken), /Failed to refresh token/);
    await assert.rejects(client.refreshAccessToken(first.refreshToken), /Failed to refresh token/);
    await assert.rejects(client.refreshAccessToken('rt_unknown'), /Failed to refresh token/);
  });

  test('logout ends the session, its refresh tokens, and nothing more', async () => {
    const browser = new Browser(server.url);
    const { idToken, refreshToken, accessToken } = await client.authenticateWithCode(await code({ browser }), CALLBACK);
    const other = await client.authenticateWithCode(await code(), CALLBACK);
    // With the session, nobody is asked again.
    const again = await browser.open(client.getAuthorizationUrl(CALLBACK, options()));
    assert.ok(again.away?.searchParams.get('code'), again.html);
    const url = client.getLogoutUrl({ idTokenHint: idToken, postLogoutRedirectUri: BYE, state: 'x 1' });
    const done = await browser.open(url);
    assert.equal(`${done.away.origin}${done.away.pathname}`, BYE);
    assert.equal(done.away.searchParams.get('state'), 'x 1');
    await assert.rejects(client.refreshAccessToken(refreshToken), /Failed to refresh token/);
    const session = await client.session.getSession(claims(accessToken).sid);
    assert.equal(session.status, 'logout');
    assert.match((await browser.open(client.getAuthorizationUrl(CALLBACK, options()))).html, /\/a\/auth\/email/);
    await client.refreshAccessToken(other.refreshToken);
  });

  test('the bare address logs out as well', async () => {
    const browser = new Browser(server.url);
    const { refreshToken } = await client.authenticateWithCode(await code({ browser }), CALLBACK);
    assert.equal((await browser.open(client.getLogoutUrl())).status, 200);
    await assert.rejects(client.refreshAccessToken(refreshToken), /Failed to refresh token/);
  });

  test('revoking the session by the SDK ends the refresh tokens', async () => {
    const { refreshToken, accessToken } = await client.authenticateWithCode(await code(), CALLBACK);
    await client.session.revokeSession(claims(accessToken).sid);
    await assert.rejects(client.refreshAccessToken(refreshToken), /Failed to refresh token/);
  });
});
