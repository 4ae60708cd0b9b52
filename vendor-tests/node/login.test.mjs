// A login on the hosted pages, and what the SDK does with what comes of it (auth.md 8.4 to 8.7).

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { Browser } from './support/browser.mjs';
import { codeTo } from './support/inbox.mjs';
import { freePort, Server } from './support/server.mjs';

const CALLBACK = 'https://app.example/callback';
const SIGNED_OUT = 'https://app.example/';
const ADA = 'ada@analytical.example';
const SCOPES = ['openid', 'profile', 'email', 'offline_access'];

describe('a login', () => {
  let server;
  let client;
  before(async () => {
    server = await Server.start({ metrics: `127.0.0.1:${await freePort()}` });
    client = server.client();
    await register();
  });
  after(() => server?.stop());

  /** The addresses of an application; the SDK has no method for them. */
  async function register() {
    const response = await fetch(`${server.url}/api/v1/clients/${server.credentials.SCALEKIT_CLIENT_ID}`, {
      method: 'PATCH',
      headers: { authorization: `Bearer ${await client.getClientAccessToken()}`, 'content-type': 'application/json' },
      body: JSON.stringify({ post_login_uris: [CALLBACK], post_logout_redirect_uris: [SIGNED_OUT] }),
    });
    assert.equal(response.status, 201, await response.text());
  }

  /** Types the address, and the code that comes by mail. */
  async function byCode(browser, url, email) {
    const page = await browser.submit(await browser.open(url), '/a/auth/email', { email });
    return browser.submit(page, '/a/auth/code', { code: await codeTo(server.metrics, email) });
  }

  async function signUp(browser, options, email, company) {
    const url = client.getAuthorizationUrl(CALLBACK, { scopes: SCOPES, state: 's&t=1', prompt: 'create', ...options });
    const page = await byCode(browser, url, email);
    const fields = { organization_name: company, given_name: 'Ada', family_name: 'Lovelace' };
    const { away } = await browser.submit(page, '/a/auth/create', fields);
    assert.equal(away?.href.split('?')[0], CALLBACK);
    assert.equal(away.searchParams.get('state'), 's&t=1');
    return away.searchParams.get('code');
  }

  test('from the hosted page to tokens, their refresh and another organization', async () => {
    const browser = new Browser(server.url);
    const verifier = randomBytes(32).toString('base64url');
    const codeChallenge = createHash('sha256').update(verifier).digest('base64url');
    const options = { nonce: 'n-1', codeChallenge, codeChallengeMethod: 'S256' };
    const code = await signUp(browser, options, ADA, 'Analytical');

    const login = await client.authenticateWithCode(code, CALLBACK, { codeVerifier: verifier });
    assert.match(login.user.id, /^usr_\d+$/);
    assert.deepEqual([login.user.email, login.user.name, login.user.emailVerified], [ADA, 'Ada Lovelace', true]);
    assert.ok(login.expiresIn > 0 && login.refreshToken && login.idToken);
    const issuer = server.url;
    const audience = [server.credentials.SCALEKIT_CLIENT_ID];
    assert.equal(await client.validateAccessToken(login.accessToken), true);
    assert.equal(await client.validateAccessToken(login.accessToken, { issuer, audience, requiredScopes: ['email'] }), true);
    assert.equal(await client.validateAccessToken(login.accessToken, { audience: ['somebody else'] }), false);
    assert.equal(await client.validateAccessToken(`${login.accessToken}A`), false);
    const claims = await client.validateToken(login.accessToken);
    assert.deepEqual([claims.sub, claims.roles], [login.user.id, ['admin']]);
    assert.equal((await client.validateToken(login.idToken)).nonce, 'n-1');
    assert.equal((await client.organization.getOrganization(claims.oid)).organization.displayName, 'Analytical');

    const fresh = await client.refreshAccessToken(login.refreshToken);
    const freshClaims = await client.validateToken(fresh.accessToken, { issuer, audience });
    assert.deepEqual([freshClaims.sub, freshClaims.sid], [claims.sub, claims.sid]);
    assert.notEqual(freshClaims.jti, claims.jti);
    const { sessions } = await client.session.getUserSessions(login.user.id);
    assert.deepEqual(sessions.map(({ sessionId }) => sessionId), [claims.sid]);

    await switched(browser, login.user.id);
  });

  /** Into another organization, within the session. */
  async function switched(browser, userId) {
    const { organization } = await client.organization.createOrganization('Babbage');
    await client.user.createMembership(organization.id, userId, {});
    const url = client.getAuthorizationUrl(CALLBACK, { scopes: SCOPES, state: 's', prompt: 'select_account' });
    const page = await browser.open(url);
    assert.match(page.html, /Babbage/);
    const { away } = await browser.submit(page, '/a/auth/organizations', { organization_id: organization.id });
    const login = await client.authenticateWithCode(away.searchParams.get('code'), CALLBACK);
    const { oid, roles } = await client.validateToken(login.accessToken);
    assert.deepEqual([oid, roles], [organization.id, ['member']]);
  }

  test('the logout ends the session', async () => {
    const browser = new Browser(server.url);
    const code = await signUp(browser, {}, 'grace@navy.example', 'Navy');
    const login = await client.authenticateWithCode(code, CALLBACK);
    const out = { idTokenHint: login.idToken, postLogoutRedirectUri: SIGNED_OUT, state: 'bye' };
    const { away } = await browser.open(client.getLogoutUrl(out));
    assert.equal(away?.href, `${SIGNED_OUT}?state=bye`);
    await assert.rejects(client.refreshAccessToken(login.refreshToken), /Failed to refresh token/);
    const silent = client.getAuthorizationUrl(CALLBACK, { scopes: SCOPES, state: 's', prompt: 'none' });
    assert.equal((await browser.open(silent)).away.searchParams.get('error'), 'login_required');
  });

  test('a code works once, at its address and with its verifier', async () => {
    const codeChallenge = createHash('sha256').update('x'.repeat(43)).digest('base64url');
    const options = { codeChallenge, codeChallengeMethod: 'S256' };
    const code = await signUp(new Browser(server.url), options, 'charles@difference.example', 'Difference');
    for (const [redirectUri, more] of [
      [CALLBACK, {}],
      [CALLBACK, { codeVerifier: 'y'.repeat(43) }],
      ['https://app.example/other', { codeVerifier: 'x'.repeat(43) }],
    ]) {
      await assert.rejects(client.authenticateWithCode(code, redirectUri, more), ({ response }) => {
        assert.deepEqual([response.status, response.data.error], [400, 'invalid_grant']);
        return true;
      });
    }
    await assert.rejects(client.refreshAccessToken('rt_unknown'), /Failed to refresh token/);
  });
});
