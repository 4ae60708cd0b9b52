// What the SDK does by itself, with the credentials that the server wrote: URLs and signatures (auth.md 8.4, 8.7, 8.10).

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { WebhookVerificationError } from '@scalekit-sdk/node';
import { Server } from './support/server.mjs';

const SECRET = 'whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=';
const BODY = '{"a":1}';
const SIGNED_AT = 1767225600;
const SIGNATURE = 'v1,0Ud8OcCNFjx1ntpzsrZcFsX85Gq5zrTv2y1pQkuKzNI=';

describe('without a call', () => {
  let server;
  let client;
  before(async () => {
    server = await Server.start();
    client = server.client();
  });
  after(() => server?.stop());

  test('the credentials file has all that a client needs', () => {
    const found = server.credentials;
    assert.equal(found.SCALEKIT_ENVIRONMENT_URL, server.url);
    assert.equal(found.SCALEKIT_ENV_URL, server.url);
    assert.match(found.SCALEKIT_CLIENT_ID, /^skc_[0-9]+$/);
    assert.ok(found.SCALEKIT_CLIENT_SECRET.length >= 22, 'at least 128 bits');
  });

  test('the credentials file is for its owner alone, and a shell reads it', async () => {
    const file = path.join(server.dataDir, 'credentials.env');
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    const script = 'set -a; . "$1"; exec "$2" -p "JSON.stringify(process.env)"';
    const env = JSON.parse(execFileSync('sh', ['-c', script, 'sh', file, process.execPath], { encoding: 'utf8' }));
    for (const [name, value] of Object.entries(server.credentials)) assert.equal(env[name], value);
    assert.ok(!(await server.log()).includes(server.credentials.SCALEKIT_CLIENT_SECRET), 'the secret is never printed');
  });

  test('the authorization URL points at the discovered endpoint with each option', async () => {
    const url = new URL(
      client.getAuthorizationUrl('https://app.test/callback', {
        state: 'st',
        nonce: 'no',
        loginHint: 'dana@globex.test',
        domainHint: 'globex.test',
        connectionId: 'conn_1',
        organizationId: 'org_1',
        codeChallenge: 'c',
        codeChallengeMethod: 'S256',
        provider: 'google',
        prompt: 'login',
      }),
    );
    assert.deepEqual(Object.fromEntries(url.searchParams), {
      response_type: 'code',
      client_id: server.credentials.SCALEKIT_CLIENT_ID,
      redirect_uri: 'https://app.test/callback',
      scope: 'openid profile email',
      state: 'st',
      nonce: 'no',
      login_hint: 'dana@globex.test',
      domain_hint: 'globex.test',
      domain: 'globex.test',
      connection_id: 'conn_1',
      organization_id: 'org_1',
      code_challenge: 'c',
      code_challenge_method: 'S256',
      provider: 'google',
      prompt: 'login',
    });
    const discovery = await (await fetch(`${server.url}/.well-known/openid-configuration`)).json();
    assert.equal(url.origin + url.pathname, discovery.authorization_endpoint);
    assert.equal(discovery.issuer, server.url);
  });

  test('the logout URL points at the discovered endpoint', async () => {
    const url = client.getLogoutUrl({ idTokenHint: 't', postLogoutRedirectUri: 'https://app.test/', state: 's' });
    const discovery = await (await fetch(`${server.url}/.well-known/openid-configuration`)).json();
    const query = 'id_token_hint=t&post_logout_redirect_uri=https%3A%2F%2Fapp.test%2F&state=s';
    assert.equal(url, `${discovery.end_session_endpoint}?${query}`);
    assert.equal(client.getLogoutUrl(), discovery.end_session_endpoint);
  });

  for (const [kind, method] of [['webhook', 'verifyWebhookPayload'], ['interceptor', 'verifyInterceptorPayload']]) {
    test(`the test vector of a ${kind} signature is accepted, and nothing near it`, (t) => {
      const now = t.mock.method(Date, 'now', () => SIGNED_AT * 1000);
      const headers = (changes = {}) => {
        const values = { id: 'msg_1', timestamp: String(SIGNED_AT), signature: SIGNATURE, ...changes };
        return Object.fromEntries(Object.entries(values).map(([name, value]) => [`${kind}-${name}`, value]));
      };
      const refused = (headers, body, message, secret = SECRET) =>
        assert.throws(() => client[method](secret, headers, body), (error) => {
          assert.ok(error instanceof WebhookVerificationError);
          assert.match(error.message, message);
          return true;
        });
      assert.equal(client[method](SECRET, headers(), BODY), true);
      assert.equal(client[method](SECRET, headers({ signature: `v1,${'A'.repeat(43)}= ${SIGNATURE}` }), BODY), true);
      refused(headers(), '{"a":2}', /Invalid Signature/);
      refused(headers({ id: 'msg_2' }), BODY, /Invalid Signature/);
      refused(headers({ timestamp: String(SIGNED_AT + 1) }), BODY, /Invalid Signature/);
      refused(headers({ timestamp: 'soon' }), BODY, /Invalid Signature Headers/);
      refused(headers(), BODY, /Invalid Signature/, 'whsec_AAAA');
      refused(headers(), BODY, /Invalid secret/, 'AAAA');
      refused({}, BODY, /Missing required headers/);
      now.mock.mockImplementation(() => (SIGNED_AT + 301) * 1000);
      refused(headers(), BODY, /too old/);
      now.mock.mockImplementation(() => (SIGNED_AT - 301) * 1000);
      refused(headers(), BODY, /too new/);
    });
  }
});
