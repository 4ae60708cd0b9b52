// Organizations whose people sign in at a real OpenID provider of another make.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Server } from '../node/support/server.mjs';
import { Browser } from './browser.mjs';
import { IdentityProvider, KEYS } from './provider.mjs';

const CALLBACK = 'https://app.example/callback';
const ANN = { email: 'ann@acme.example', email_verified: true, name: 'Ann Ahorn', given_name: 'Ann', family_name: 'Ahorn' };
const SECRET = 's3cret of/the+idp:x';

let server;
let token;

before(async () => {
  server = await Server.start({ tls: false, settings: { GATEWRIGHT_OUTBOUND__ALLOWED_NETWORKS: '127.0.0.0/8' } });
  const { SCALEKIT_CLIENT_ID: client_id, SCALEKIT_CLIENT_SECRET: client_secret } = server.credentials;
  const body = new URLSearchParams({ grant_type: 'client_credentials', client_id, client_secret });
  token = (await (await fetch(`${server.url}/oauth/token`, { method: 'POST', body })).json()).access_token;
});
after(() => server?.stop());

async function api(method, path, body) {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const response = await fetch(`${server.url}/api/v1${path}`, { method, headers, body: JSON.stringify(body) });
  const answer = await response.json();
  assert.ok(response.ok, `${method} ${path}: ${JSON.stringify(answer)}`);
  return answer;
}

/** An organization with a connection to a provider that knows it as a client with these properties. */
async function connect({ properties = {}, config = {}, settings, accounts = { ann: ANN } } = {}) {
  const { organization } = await api('POST', '/organizations', { display_name: 'Acme' });
  const path = `/organizations/${organization.id}/connections`;
  const { connection } = await api('POST', path, { provider: 'CUSTOM', type: 'OIDC' });
  const callback = connection.oidc_config.redirect_uri;
  const client = { client_id: 'gatewright', client_secret: SECRET, redirect_uris: [callback], ...properties };
  const idp = await IdentityProvider.start({ accounts, clients: [client], settings });
  const oidc_config = { issuer: idp.issuer, client_id: 'gatewright', client_secret: SECRET, ...config };
  await api('PATCH', `${path}/${connection.id}`, { provider: 'CUSTOM', debug_enabled: true, oidc_config });
  await api('PATCH', `${path}/${connection.id}:enable`, {});
  return { organization, idp, id: connection.id, test: `${server.url}/sso/v1/oidc/${connection.id}/test` };
}

/** Signs in on the provider's own pages, and agrees that the server learns of it. */
async function signInThere(browser, page, options) {
  const agree = await browser.submit(page, '/interaction/', { prompt: 'login', login: 'ann', password: 'any' }, options);
  return browser.submit(agree, '/interaction/', { prompt: 'consent' }, options);
}

async function outcome(connection, page) {
  const id = page.headers.get('x-connection-test-id');
  return api('GET', `/connections/${connection}/test-requests/${id}`);
}

for (const { alg } of KEYS) {
  test(`ID tokens may be signed with ${alg}`, async () => {
    const acme = await connect({ properties: { id_token_signed_response_alg: alg } });
    try {
      const browser = new Browser();
      const page = await signInThere(browser, await browser.open(acme.test));
      assert.equal(page.status, 200, page.html);
      assert.match(page.html, /ann@acme\.example/);
      const result = await outcome(acme.id, page);
      assert.equal(result.status, 'SUCCESS', JSON.stringify(result));
    } finally {
      await acme.idp.stop();
    }
  });
}

test('the client may authenticate in the form', async () => {
  const properties = { token_endpoint_auth_method: 'client_secret_post' };
  const acme = await connect({ properties, config: { token_auth_type: 'URL_PARAMS' } });
  try {
    const browser = new Browser();
    const page = await signInThere(browser, await browser.open(acme.test));
    assert.equal((await outcome(acme.id, page)).status, 'SUCCESS', page.html);
  } finally {
    await acme.idp.stop();
  }
});

test('claims may stand in the ID token, and the UserInfo endpoint may be left out', async () => {
  const acme = await connect({ settings: { conformIdTokenClaims: false } });
  try {
    const path = `/organizations/${acme.organization.id}/connections/${acme.id}`;
    await api('PATCH', path, { provider: 'CUSTOM', oidc_config: { user_info_uri: '' } });
    const browser = new Browser();
    const page = await signInThere(browser, await browser.open(acme.test));
    assert.equal((await outcome(acme.id, page)).status, 'SUCCESS', page.html);
  } finally {
    await acme.idp.stop();
  }
});

test('a wrong secret is explained', async () => {
  const acme = await connect({ config: { client_secret: 'another' } });
  try {
    const browser = new Browser();
    const page = await signInThere(browser, await browser.open(acme.test));
    const result = await outcome(acme.id, page);
    assert.equal(result.error, 'failed_to_exchange_token', JSON.stringify(result));
    assert.match(result.error_details, /invalid_client/);
    assert.ok(!JSON.stringify(result).includes('another"'), 'no secret in it');
  } finally {
    await acme.idp.stop();
  }
});

test('whoever has no address cannot sign in', async () => {
  const acme = await connect({ accounts: { ann: { name: 'Ann' } } });
  try {
    const browser = new Browser();
    const page = await signInThere(browser, await browser.open(acme.test));
    assert.equal((await outcome(acme.id, page)).error, 'mandatory_attribute_missing', page.html);
  } finally {
    await acme.idp.stop();
  }
});

test('somebody signs in through her organization, from the application and back', async () => {
  const acme = await connect();
  try {
    const domain = await api('POST', `/organizations/${acme.organization.id}/domains`, {
      domain: 'acme.example',
      domain_type: 'ORGANIZATION_DOMAIN',
    });
    assert.ok(domain.domain.id);
    await api('POST', '/environment/redirect-uris', { redirect_uri: CALLBACK });
    const { SCALEKIT_CLIENT_ID: client_id, SCALEKIT_CLIENT_SECRET: client_secret } = server.credentials;
    const query = new URLSearchParams({
      response_type: 'code',
      client_id,
      redirect_uri: CALLBACK,
      scope: 'openid profile email',
      state: 'st-1',
      login_hint: 'ann@acme.example',
    });
    const browser = new Browser();
    const leaves = (url) => url.startsWith(CALLBACK);
    const there = await browser.open(`${server.url}/oauth/authorize?${query}`, { leaves });
    assert.ok(there.url.startsWith(acme.idp.issuer), `${there.url}\n${there.html}`);
    const back = await signInThere(browser, there, { leaves });
    const landed = new URL(back.url);
    assert.equal(landed.searchParams.get('state'), 'st-1', `${back.url}\n${back.html}`);
    const body = new URLSearchParams({
      grant_type: 'authorization_code',
      code: landed.searchParams.get('code'),
      redirect_uri: CALLBACK,
      client_id,
      client_secret,
    });
    const response = await fetch(`${server.url}/oauth/token`, { method: 'POST', body });
    const tokens = await response.json();
    assert.equal(response.status, 200, JSON.stringify(tokens));
    const claims = JSON.parse(Buffer.from(tokens.id_token.split('.')[1], 'base64url'));
    assert.equal(claims.email, 'ann@acme.example');
    assert.equal(claims.name, 'Ann Ahorn');
  } finally {
    await acme.idp.stop();
  }
});
