// A customer's identity provider: oidc-provider, with the accounts that a test gives it and its own pages for development.

import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import Provider from 'oidc-provider';
import { freePort } from '../node/support/server.mjs';

function key(kid, alg, type, options) {
  const { privateKey } = generateKeyPairSync(type, options);
  return { ...privateKey.export({ format: 'jwk' }), kid, alg, use: 'sig' };
}

/** Keys of every kind that identity providers sign with. */
export const KEYS = [
  key('rs', 'RS256', 'rsa', { modulusLength: 2048 }),
  key('ps', 'PS256', 'rsa', { modulusLength: 2048 }),
  key('es', 'ES256', 'ec', { namedCurve: 'P-256' }),
  key('es384', 'ES384', 'ec', { namedCurve: 'P-384' }),
  key('ed', 'EdDSA', 'ed25519'),
];

export class IdentityProvider {
  #server;

  /** `accounts` are claims by login name; `clients` are as in dynamic registration (RFC 7591). */
  static async start({ accounts, clients, settings = {} }) {
    const idp = new IdentityProvider();
    const port = await freePort();
    idp.issuer = `http://127.0.0.1:${port}`;
    idp.provider = new Provider(idp.issuer, {
      clients,
      jwks: { keys: KEYS },
      claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'given_name', 'family_name', 'groups'] },
      cookies: { keys: ['for tests'] },
      enabledJWA: { idTokenSigningAlgValues: KEYS.map(({ alg }) => alg) },
      findAccount: (_, id) =>
        id in accounts ? { accountId: id, claims: async () => ({ sub: id, ...accounts[id] }) } : undefined,
      pkce: { required: () => true },
      ...settings,
    });
    idp.#server = idp.provider.listen(port, '127.0.0.1');
    await once(idp.#server, 'listening');
    return idp;
  }

  async stop() {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
