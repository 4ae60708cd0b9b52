// A customer's web application with the vendor's Node SDK: sends a browser to sign in, and takes the code that it comes
// back with.

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';

export class Application {
  /** What each callback brought, as URLSearchParams, oldest first. */
  callbacks = [];
  #listener;
  #arrivals = [];

  /** Starts the application and registers its addresses with the server. */
  static async start(server) {
    const application = new Application();
    application.client = server.client();
    application.#listener = createServer((request, response) => application.#answer(request, response));
    application.#listener.listen(0, '127.0.0.1');
    await once(application.#listener, 'listening');
    application.url = `http://localhost:${application.#listener.address().port}`;
    application.callback = `${application.url}/callback`;
    await manage(server, 'POST', 'environment/redirect-uris', { redirect_uri: application.callback });
    await manage(server, 'PUT', 'environment/initiate-login-uri', { initiate_login_uri: `${application.url}/login` });
    return application;
  }

  #answer(request, response) {
    const url = new URL(request.url, this.url);
    if (url.pathname === '/callback') {
      this.callbacks.push(url.searchParams);
      for (const arrival of this.#arrivals.splice(0)) arrival(url.searchParams);
    }
    response.setHeader('content-type', 'text/html');
    response.end('<!doctype html><html lang="en"><title>Application</title><link rel="icon" href="data:,"><h1>Welcome</h1>');
  }

  /** Where the application sends the browser. */
  signInUrl(options = {}) {
    this.state = randomBytes(8).toString('hex');
    return this.client.getAuthorizationUrl(this.callback, { state: this.state, scopes: ['openid', 'profile', 'email', 'offline_access'], ...options });
  }

  /** Resolves with the next callback's parameters. Ask before the browser is sent on. */
  nextArrival() {
    return new Promise((resolve) => this.#arrivals.push(resolve));
  }

  /** Resolves with what the SDK makes of the code: user, tokens. */
  exchange(arrived) {
    if (arrived.get('state') !== this.state) throw new Error('the state is another one');
    if (!arrived.get('code')) throw new Error(`no code: ${arrived}`);
    return this.client.authenticateWithCode(arrived.get('code'), this.callback);
  }

  stop() {
    this.#listener.close();
    this.#listener.closeAllConnections();
  }
}

async function managementToken({ url, credentials }) {
  const body = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: credentials.SCALEKIT_CLIENT_ID,
    client_secret: credentials.SCALEKIT_CLIENT_SECRET,
  });
  const answer = await fetch(`${url}/oauth/token`, { method: 'POST', body });
  return (await answer.json()).access_token;
}

/** Calls the management API. */
export async function manage(server, method, path, body) {
  const headers = { authorization: `Bearer ${await managementToken(server)}`, 'content-type': 'application/json' };
  const answer = await fetch(`${server.url}/api/v1/${path}`, { method, headers, body: body && JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}
