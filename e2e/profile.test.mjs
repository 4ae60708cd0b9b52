// A signed-in person looks after passkeys and sessions on the hosted pages.

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
  [server, browser] = await Promise.all([Server.start({ tls: false, metrics: `127.0.0.1:${await freePort()}` }), launch()]);
  application = await Application.start(server);
  const passkeys = { provider: 'SCALEKIT', provider_key: 'SCALEKIT', key_id: 'WEBAUTHN', type: 'WEBAUTHN' };
  const { connection } = await manage(server, 'POST', 'connections', passkeys);
  await manage(server, 'PATCH', `connections/${connection.id}:enable`, {});
});

after(async () => {
  await browser?.close();
  application?.stop();
  await server?.stop();
});

/** Signs somebody up by code in this page's browser. */
async function signUp(page, email, organization) {
  const arrived = application.nextArrival();
  await page.goto(application.signInUrl());
  await page.locator('input[name="email"]').fill(email);
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.locator('[data-scope="pin-input"]').first().waitFor();
  while ((await mailsTo(server.metrics, email)).length < 1) await new Promise((resolve) => setTimeout(resolve, 50));
  const boxes = page.locator('[data-scope="pin-input"][data-part="input"]');
  for (const [at, digit] of [...(await codeTo(server.metrics, email))].entries()) await boxes.nth(at).fill(digit);
  await page.locator('input[name="organization_name"]').fill(organization);
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('heading', { name: 'Welcome' }).waitFor();
  return (await application.exchange(await arrived)).user;
}

test('a person adds a passkey, renames it, signs in with it, and deletes it', async () => {
  const page = await newPage(browser);
  await addAuthenticator(page);
  const user = await signUp(page, 'mae@orbit.example', 'Orbit');
  await page.goto(`${server.url}/ui/profile/passkeys`);
  await page.getByText('You have no passkey yet.').waitFor();
  assert.deepEqual(await accessibilityProblems(page), []);
  await page.getByRole('button', { name: 'Create a passkey' }).click();
  await page.locator('summary').click();
  await page.locator('input[name="display_name"]').fill('Work laptop');
  await page.locator('button[value="rename"]').click();
  await page.getByText('Work laptop').first().waitFor();
  assert.deepEqual(await accessibilityProblems(page), []);

  await page.context().clearCookies();
  // Among the suggestions for the address field (conditional mediation) the authenticator chooses its only passkey.
  const second = application.nextArrival();
  await page.goto(application.signInUrl());
  await page.getByRole('heading', { name: 'Welcome' }).waitFor();
  assert.equal((await application.exchange(await second)).user.id, user.id);

  await page.goto(`${server.url}/ui/profile/passkeys`);
  await page.locator('summary').click();
  await page.locator('button[value="delete"]').click();
  await page.getByText('You have no passkey yet.').waitFor();
  assert.deepEqual(page.complaints, []);
});

test('a person signs another browser out, and then this one', async () => {
  const [page, other] = [await newPage(browser), await newPage(browser, { javaScriptEnabled: false })];
  await addAuthenticator(page);
  await signUp(page, 'sally@orbit.example', 'Shuttle');
  const [cookie] = (await page.context().cookies()).filter((one) => one.name.endsWith('gw_session'));
  await page.goto(`${server.url}/ui/profile/passkeys`);
  await page.getByRole('button', { name: 'Create a passkey' }).click();
  await page.locator('summary').waitFor();
  // A second sign-in beside the first: the passkey works in this page only, so the cookie of the new session moves.
  await page.context().clearCookies();
  const second = application.nextArrival();
  await page.goto(application.signInUrl());
  await second;
  await page.getByRole('heading', { name: 'Welcome' }).waitFor();
  await other.context().addCookies([cookie]);
  await other.goto(`${server.url}/ui/profile/sessions`);
  await other.getByText('Where you are signed in').first().waitFor();
  await page.goto(`${server.url}/ui/profile/sessions`);
  assert.equal(await page.locator('button[name="session_id"]').count(), 2);
  assert.deepEqual(await accessibilityProblems(page), []);
  await page.getByRole('button', { name: 'Sign out everywhere else' }).click();
  await page.waitForFunction(() => document.querySelectorAll('button[name="session_id"]').length === 1);
  await other.goto(`${server.url}/ui/profile/sessions`);
  assert.equal(other.url(), `${application.url}/login`);
  await page.locator('button[name="session_id"]').click();
  await page.getByRole('heading', { name: 'Welcome' }).waitFor();
  assert.equal(page.url(), `${application.url}/login`);
});
