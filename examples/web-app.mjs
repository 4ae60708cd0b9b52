// A small web application on the vendor's Node SDK: sign in, see who you are and what you may, refresh, switch the
// organization, log out: node web-app.mjs
// web_app.rs is the same with the Rust SDK; README.md says how to run both.

import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { ScalekitClient } from '@scalekit-sdk/node';

/** Where the application is. Both addresses are registered with the server. */
const ORIGIN = 'http://localhost:3000';
const CALLBACK = `${ORIGIN}/callback`;
const SIGNED_OUT = `${ORIGIN}/`;
const SCOPES = ['openid', 'profile', 'email', 'offline_access'];
const LOGIN_MS = 10 * 60 * 1000;
/** Tokens are renewed when they have less than this. */
const RENEW_MS = 10 * 1000;

const style = readFileSync(new URL('web_app.css', import.meta.url), 'utf8');
const client = connect();
/** What a production application keeps in a database or an encrypted cookie, by the random value of its cookie. */
const logins = new Map();
const sessions = new Map();

function connect() {
  const names = ['SCALEKIT_ENVIRONMENT_URL', 'SCALEKIT_CLIENT_ID', 'SCALEKIT_CLIENT_SECRET'];
  const missing = names.find((variable) => !process.env[variable]);
  if (missing) throw new Error(`${missing} is not set; try: set -a; . ./gatewright-data/credentials.env; set +a`);
  return new ScalekitClient(...names.map((variable) => process.env[variable]));
}

const random = () => randomBytes(32).toString('base64url');

const routes = {
  'GET /': home,
  'GET /login': login,
  'GET /callback': callback,
  'POST /refresh': refresh,
  'GET /logout': logout,
};

/** Sends the browser to the hosted pages. State, nonce and PKCE tie what comes back to this browser and this login. */
function login({ url, redirect }) {
  const [id, state, nonce, verifier] = [random(), random(), random(), random()];
  logins.set(id, { state, nonce, verifier, ends: Date.now() + LOGIN_MS });
  for (const [old, { ends }] of logins) if (ends < Date.now()) logins.delete(old);
  const codeChallenge = createHash('sha256').update(verifier).digest('base64url');
  const options = { scopes: SCOPES, state, nonce, codeChallenge, codeChallengeMethod: 'S256' };
  // `select_account` for another organization, `create` for signing up; an invitation names its organization.
  for (const [name, option] of [['prompt', 'prompt'], ['organization_id', 'organizationId']]) {
    if (url.searchParams.has(name)) options[option] = url.searchParams.get(name);
  }
  redirect(client.getAuthorizationUrl(CALLBACK, options), { login: id });
}

/** The browser is back, with a code or an error. */
async function callback({ url, cookies, redirect, show }) {
  const login = logins.get(cookies.login);
  logins.delete(cookies.login);
  const answer = Object.fromEntries(url.searchParams);
  if (!login || answer.state !== login.state) return show('<h1>Please try again</h1><p><a href="/login">Sign in</a></p>', 400);
  if (answer.error) return show(`<h1>Not signed in</h1><p>${escape(answer.error_description ?? answer.error)}</p>`, 400);
  const tokens = await client.authenticateWithCode(answer.code, CALLBACK, { codeVerifier: login.verifier });
  const { nonce } = await client.validateToken(tokens.idToken, checks());
  if (nonce !== login.nonce) return show('<h1>Please try again</h1><p><a href="/login">Sign in</a></p>', 400);
  sessions.delete(cookies.session);
  const id = random();
  sessions.set(id, { user: tokens.user, idToken: tokens.idToken, ...(await accepted(tokens)) });
  redirect('/', { session: id, login: '' });
}

const checks = () => ({ issuer: process.env.SCALEKIT_ENVIRONMENT_URL, audience: [process.env.SCALEKIT_CLIENT_ID] });

/** The tokens with the verified claims of the access token: organization, roles, permissions. */
async function accepted({ accessToken, refreshToken }) {
  return { accessToken, refreshToken, claims: await client.validateToken(accessToken, checks()) };
}

/** The session of a request, with tokens that live. */
async function current(cookies) {
  const session = sessions.get(cookies.session);
  if (session && session.claims.exp * 1000 - Date.now() < RENEW_MS) await renew(cookies.session, session);
  return sessions.get(cookies.session);
}

/** One refresh at a time: the refresh token is used up by it. Its failure means that the session is over. */
async function renew(id, session) {
  session.renewal ??= client
    .refreshAccessToken(session.refreshToken)
    .then(accepted)
    .then((tokens) => Object.assign(session, tokens))
    .catch(() => sessions.delete(id))
    .finally(() => (session.renewal = undefined));
  await session.renewal;
}

async function home({ cookies, show }) {
  const session = await current(cookies);
  if (!session) {
    return show(`<h1>Welcome</h1><p>You are signed out.</p>
      <p><a class="button" href="/login">Sign in</a> <a href="/login?prompt=create">Create an account</a></p>`);
  }
  const { user, claims } = session;
  const facts = {
    Name: user.name ?? '',
    'E-mail': user.email ?? '',
    User: user.id,
    Organization: await describeOrganization(claims.oid),
    Roles: (claims.roles ?? []).join(', '),
    Permissions: (claims.permissions ?? []).join(', '),
    'Access token until': new Date(claims.exp * 1000).toISOString(),
  };
  const rows = Object.entries(facts).map(([name, fact]) => `<dt>${name}</dt><dd>${escape(fact)}</dd>`);
  show(`<h1>You are signed in</h1><dl>${rows.join('')}</dl>
    <form method="post" action="/refresh"><button class="button">Refresh</button></form>
    <p><a href="/login?prompt=select_account">Switch organization</a> <a href="/logout">Log out</a></p>`);
}

async function describeOrganization(id) {
  if (!id) return 'none';
  const { organization } = await client.organization.getOrganization(id);
  return `${organization.displayName} (${id})`;
}

async function refresh({ cookies, redirect }) {
  const session = sessions.get(cookies.session);
  if (session) await renew(cookies.session, session);
  redirect('/');
}

function logout({ cookies, redirect }) {
  const session = sessions.get(cookies.session);
  sessions.delete(cookies.session);
  const out = session && client.getLogoutUrl({ idTokenHint: session.idToken, postLogoutRedirectUri: SIGNED_OUT });
  redirect(out ?? '/', { session: '' });
}

const entities = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escape = (text) => text.replaceAll(/[&<>"]/g, (character) => entities[character]);

/** What a route needs of a request and its answer. */
function visit(request, response) {
  const url = new URL(request.url, ORIGIN);
  const pairs = (request.headers.cookie ?? '').split('; ').map((pair) => pair.split('='));
  const send = (status, headers, body) => response.writeHead(status, { 'cache-control': 'no-store', ...headers }).end(body);
  return {
    url,
    cookies: Object.fromEntries(pairs),
    // In production, on https, with `Secure` too.
    redirect: (location, cookies = {}) => {
      const lines = Object.entries(cookies).map(
        ([name, value]) => `${name}=${value}; Path=/; HttpOnly; SameSite=Lax${value ? '' : '; Max-Age=0'}`,
      );
      send(302, { location, 'set-cookie': lines });
    },
    show: (content, status = 200) => {
      const head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Example</title>';
      const page = `<!doctype html><html lang="en">${head}<style>${style}</style><main>${content}</main></html>`;
      send(status, { 'content-type': 'text/html; charset=utf-8' }, page);
    },
  };
}

const server = createServer(async (request, response) => {
  const here = visit(request, response);
  const route = routes[`${request.method} ${here.url.pathname}`];
  try {
    if (route) await route(here);
    else here.show('<h1>There is nothing here</h1>', 404);
  } catch (error) {
    console.error(error.message);
    here.show('<h1>That did not work</h1><p><a href="/">Try again</a></p>', 502);
  }
});
server.listen(3000, '127.0.0.1', () => console.log(`Open ${ORIGIN}`));
