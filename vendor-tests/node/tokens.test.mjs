// Client-credentials tokens: made, validated, refused, and outliving restarts and key rotations (auth.md 3.1, 3.5.1, 8.1, 8.6).

import assert from 'node:assert/strict';
import { createHmac, createPublicKey } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { ScalekitValidateTokenFailureException } from '@scalekit-sdk/node';
import { Code } from './support/errors.mjs';
import { Server } from './support/server.mjs';

const encode = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const decode = (token) => token.split('.').slice(0, 2).map((part) => JSON.parse(Buffer.from(part, 'base64url')));

/** Flips one bit of the part's first bytes, and keeps it valid base64url. */
function tamper(token, part) {
  const parts = token.split('.');
  const bytes = Buffer.from(parts[part], 'base64url');
  if (part === 1) {
    const claims = JSON.parse(bytes);
    parts[part] = encode({ ...claims, exp: claims.exp + 1 });
  } else {
    bytes[0] ^= 1;
    parts[part] = bytes.toString('base64url');
  }
  return parts.join('.');
}

/** One call with exactly this token: below the SDK's retry, which would fetch a good one. */
async function callWith(client, token) {
  client.coreClient.accessToken = token;
  try {
    await client.organization.client.listOrganization({});
    return undefined;
  } catch (error) {
    return error;
  }
}

function assertUnauthenticated(error, what) {
  assert.ok(error, `accepted: ${what}`);
  assert.equal(error.code, Code.Unauthenticated, `${what}: ${error.message}`);
  assert.deepEqual(error.details.map(({ type }) => type), ['scalekit.v1.errdetails.ErrorInfo'], what);
}

describe('tokens', () => {
  let server;
  let client;
  let token;
  before(async () => {
    server = await Server.start();
    client = server.client();
    token = await client.getClientAccessToken();
  });
  after(() => server?.stop());

  test('the first call of a new client works, though it starts without a token', async () => {
    const fresh = server.client();
    assert.equal(fresh.coreClient.accessToken, null);
    await fresh.organization.createOrganization('Lazy');
    assert.equal(await fresh.validateAccessToken(fresh.coreClient.accessToken), true);
  });

  test('a call without a token is unauthenticated and says so', async () => {
    const error = await callWith(server.client(), null);
    assertUnauthenticated(error, 'no token');
    assert.match(error.rawMessage, /Token empty/);
  });

  test('a stale token is replaced and the call repeated', async () => {
    const stale = server.client();
    stale.coreClient.accessToken = tamper(token, 2);
    await stale.organization.createOrganization('Stale');
    assert.notEqual(stale.coreClient.accessToken, tamper(token, 2));
  });

  test('a client token has the documented header and claims', async () => {
    const { SCALEKIT_CLIENT_ID: id, SCALEKIT_ENVIRONMENT_URL: url } = server.credentials;
    const generated = await client.generateClientToken(id, server.credentials.SCALEKIT_CLIENT_SECRET);
    const [header] = decode(generated);
    assert.equal(header.alg, 'RS256');
    assert.equal(header.typ, 'JWT');
    assert.match(header.kid, /^snk_[0-9]+$/);
    const claims = await client.validateToken(generated);
    assert.equal(claims.iss, url);
    assert.equal(claims.sub, id);
    assert.equal(claims.client_id, id);
    assert.ok(Array.isArray(claims.aud));
    assert.match(claims.jti, /\S/);
    for (const name of ['iat', 'nbf', 'exp']) assert.ok(Number.isInteger(claims[name]), name);
    assert.equal(claims.nbf, claims.iat);
    assert.ok(Math.abs(claims.iat - Date.now() / 1000) < 60);
    assert.ok(claims.exp > claims.iat);
  });

  test('each token is a new one', async () => {
    const again = await client.getClientAccessToken();
    assert.notEqual(again, token);
    assert.notEqual(decode(again)[1].jti, decode(token)[1].jti);
  });

  test('validation holds a token to issuer and audience', async () => {
    const [, { iss, aud }] = decode(token);
    assert.equal(await client.validateAccessToken(token), true);
    assert.equal(await client.validateAccessToken(token, { issuer: iss, audience: aud }), true);
    assert.equal(await client.validateAccessToken(token, { issuer: `${iss}/` }), false);
    assert.equal(await client.validateAccessToken(token, { issuer: 'https://other.test' }), false);
    assert.equal(await client.validateAccessToken(token, { audience: ['https://other.test'] }), false);
    const failure = client.validateToken(token, { issuer: 'https://other.test' });
    await assert.rejects(failure, ScalekitValidateTokenFailureException);
  });

  test('validation fails without a required scope', async () => {
    const failure = client.validateToken(token, { requiredScopes: ['orders:read'] });
    await assert.rejects(failure, { name: 'ScalekitValidateTokenFailureException', message: /missing required scopes: orders:read/ });
    assert.throws(() => client.verifyScopes(token, ['orders:read']), ScalekitValidateTokenFailureException);
  });

  test('validation fails for a tampered token and for one that is none', async () => {
    for (const bad of [tamper(token, 1), tamper(token, 2), `${token}x`, token.split('.').slice(0, 2).join('.'), 'nonsense', '']) {
      assert.equal(await client.validateAccessToken(bad), false, bad);
    }
  });

  test('the server refuses forged tokens as unauthenticated, with details', async () => {
    const [header, claims] = decode(token);
    const { keys } = await (await fetch(`${server.url}/keys`)).json();
    const jwk = keys.find(({ kid }) => kid === header.kid);
    const pem = createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
    const body = (alg) => `${encode({ ...header, alg })}.${encode(claims)}`;
    const forgeries = {
      'claims changed': tamper(token, 1),
      'signature changed': tamper(token, 2),
      'signature removed': `${token.split('.').slice(0, 2).join('.')}.`,
      'alg none': `${body('none')}.`,
      'HS256 with the public key': `${body('HS256')}.${createHmac('sha256', pem).update(body('HS256')).digest('base64url')}`,
      'not a token': 'nonsense',
      'an unknown key': `${encode({ ...header, kid: 'snk_1' })}.${token.split('.').slice(1).join('.')}`,
    };
    for (const [what, forged] of Object.entries(forgeries)) assertUnauthenticated(await callWith(server.client(), forged), what);
    assert.equal(await callWith(server.client(), token), undefined, 'the token itself is good');
  });

  test('a token of another environment is worth nothing here', async () => {
    const other = await Server.start();
    try {
      const foreign = await other.client().getClientAccessToken();
      assert.equal(await other.client().validateAccessToken(foreign), true);
      assert.equal(await client.validateAccessToken(foreign), false);
      assertUnauthenticated(await callWith(server.client(), foreign), 'a foreign token');
    } finally {
      await other.stop();
    }
  });

  test('tokens, credentials and data outlive a restart', async () => {
    const { organization } = await client.organization.createOrganization('Survivor');
    const { ...credentials } = server.credentials;
    await server.restart();
    assert.deepEqual(server.credentials, credentials);
    const fresh = server.client();
    assert.equal(await fresh.validateAccessToken(token), true);
    assert.equal(await callWith(server.client(), token), undefined);
    assert.deepEqual((await fresh.organization.getOrganization(organization.id)).organization, organization);
    // The client from before reconnects by itself.
    assert.deepEqual((await client.organization.getOrganization(organization.id)).organization, organization);
  });

  // Runs last: it changes the keys. A running server notices by itself; the restart only saves the wait.
  test('tokens of the old and the new key are valid after a rotation', async () => {
    const kid = (text) => decode(text)[0].kid;
    const published = async () => (await (await fetch(`${server.url}/keys`)).json()).keys.map((key) => key.kid);
    const old = await client.getClientAccessToken();

    await server.command('keys', 'rotate', '--sign-after', '0');
    await server.restart();
    const fresh = server.client();
    const renewed = await fresh.getClientAccessToken();
    assert.notEqual(kid(renewed), kid(old));
    assert.deepEqual((await published()).sort(), [kid(old), kid(renewed)].sort());
    for (const each of [old, renewed]) {
      assert.equal(await fresh.validateAccessToken(each), true);
      assert.equal(await callWith(server.client(), each), undefined);
    }

    // The SDK reads the keys once: the next key is published long before it signs.
    await server.command('keys', 'rotate', '--sign-after', '7d');
    await server.restart();
    assert.equal((await published()).length, 3);
    assert.equal(kid(await fresh.getClientAccessToken()), kid(renewed));
  });
});
