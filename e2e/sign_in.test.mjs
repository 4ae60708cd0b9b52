// A person signs in to an application on the vendor's SDK: real server, real browser, real mails in the developers' inbox.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { codeTo, mailsTo } from '../vendor-tests/node/support/inbox.mjs';
import { Server, freePort } from '../vendor-tests/node/support/server.mjs';
import { Application, manage } from './support/application.mjs';
import { accessibilityProblems, addAuthenticator, launch, newPage } from './support/browser.mjs';

let server;
let application;
let browser;

before(async () => {
  [server, browser] = await Promise.all([Server.start({ tls: false, metrics: `127.0.0.1:${await freePort()}`, settings: { GATEWRIGHT_DEVELOPMENT__TEST_ORGANIZATION: 'true' } }), launch()]);
  application = await Application.start(server);
});

after(async () => {
  await browser?.close();
  application?.stop();
  await server?.stop();
});

/** The newest code, when there are `count` mails to this address. */
async function code(email, count = 1) {
  for (let tries = 0; tries < 100; tries += 1) {
    if ((await mailsTo(server.metrics, email)).length >= count) return codeTo(server.metrics, email);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`no mail to ${email}`);
}

/** Types the address on the first page. */
async function identify(page, email) {
  await page.locator('input[name="email"]').fill(email);
  await page.getByRole('button', { name: 'Continue' }).click();
}

const fillCode = async (page, digits) => {
  const boxes = page.locator('[data-scope="pin-input"][data-part="input"]');
  for (const [at, digit] of [...digits].entries()) await boxes.nth(at).fill(digit);
};

test('a person signs up by code, makes an organization, and comes back without a page', async () => {
  const page = await newPage(browser);
  const email = 'ada@fieldwork.example';
  const arrived = application.nextArrival();
  await page.goto(application.signInUrl());
  assert.deepEqual(await accessibilityProblems(page), []);
  await identify(page, email);
  assert.deepEqual(await accessibilityProblems(page), []);
  await fillCode(page, await code(email));
  await page.locator('input[name="organization_name"]').fill('Fieldwork');
  assert.deepEqual(await accessibilityProblems(page), []);
  await page.getByRole('button', { name: 'Continue' }).click();
  const { user, accessToken, refreshToken } = await application.exchange(await arrived);
  assert.equal(user.email, email);
  assert.ok(accessToken && refreshToken);
  await page.getByRole('heading', { name: 'Welcome' }).waitFor();

  const again = application.nextArrival();
  await page.goto(application.signInUrl());
  assert.equal((await application.exchange(await again)).user.id, user.id);
  assert.deepEqual(page.complaints, []);
});

test('a wrong code is said to be wrong, and the right one still works', async () => {
  const page = await newPage(browser, { locale: 'de-DE' });
  const email = 'grace@fieldwork.example';
  await page.goto(application.signInUrl());
  await page.locator('input[name="email"]').fill(email);
  await page.locator('button[type="submit"]').click();
  const right = await code(email);
  await fillCode(page, right === '000000' ? '000001' : '000000');
  await page.getByRole('alert').getByText('Dieser Code stimmt nicht').waitFor();
  assert.deepEqual(await accessibilityProblems(page), []);
  await fillCode(page, right);
  await page.locator('input[name="organization_name"]').waitFor();
  assert.equal(await page.locator('html').getAttribute('lang'), 'de');
});

test('everything works without script', async () => {
  const page = await newPage(browser, { javaScriptEnabled: false });
  const email = 'joan@fieldwork.example';
  const arrived = application.nextArrival();
  await page.goto(application.signInUrl());
  await identify(page, email);
  await page.locator('input[name="code"]').fill(await code(email));
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.locator('input[name="organization_name"]').fill('Quiet');
  await page.getByRole('button', { name: 'Continue' }).click();
  assert.equal((await application.exchange(await arrived)).user.email, email);
});

test('a request that is not right is answered by a page that says so', async () => {
  const page = await newPage(browser);
  const url = new URL(application.signInUrl());
  url.searchParams.set('redirect_uri', 'https://evil.example/');
  const answer = await page.goto(url.href);
  assert.equal(answer.status(), 400);
  await page.getByRole('heading', { name: 'This did not work' }).waitFor();
  await page.getByText('Details for support').click();
  await page.getByText('invalid_redirect_uri').waitFor();
  assert.deepEqual(await accessibilityProblems(page), []);
});

test('the simulated provider of the Test Organization signs in a minute after the clone', async () => {
  const page = await newPage(browser);
  const arrived = application.nextArrival();
  await page.goto(application.signInUrl());
  await identify(page, 'dana@example.com');
  await page.getByRole('heading', { name: 'Simulated identity provider' }).waitFor();
  assert.deepEqual(await accessibilityProblems(page), []);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  const { user, accessToken } = await application.exchange(await arrived);
  assert.equal(user.email, 'dana@example.com');
  const claims = await application.client.validateToken(accessToken);
  assert.deepEqual(claims.roles, ['member']);
});

test('a person makes a passkey after the first sign-in, and uses it for the second', async () => {
  const passkeys = { provider: 'SCALEKIT', provider_key: 'SCALEKIT', key_id: 'WEBAUTHN' };
  const made = await manage(server, 'POST', 'connections', { ...passkeys, type: 'WEBAUTHN' });
  const path = `connections/${made.connection.id}`;
  await manage(server, 'PATCH', path, { ...passkeys, webauthn_config: { enable_auto_registration: true, show_passkey_button: true, enable_conditional_login: false } });
  await manage(server, 'PATCH', `${path}:enable`, {});
  const page = await newPage(browser);
  await addAuthenticator(page);
  const email = 'hedy@fieldwork.example';
  const first = application.nextArrival();
  await page.goto(application.signInUrl());
  await identify(page, email);
  await fillCode(page, await code(email));
  await page.locator('input[name="organization_name"]').fill('Hopping');
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('button', { name: 'Create a passkey' }).click();
  const { user } = await application.exchange(await first);
  await page.getByRole('heading', { name: 'Welcome' }).waitFor();

  await page.context().clearCookies();
  const second = application.nextArrival();
  await page.goto(application.signInUrl());
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
  const again = await application.exchange(await second);
  assert.equal(again.user.id, user.id);
  assert.equal((await mailsTo(server.metrics, email)).length, 1, 'the second sign-in needs no mail');
});
