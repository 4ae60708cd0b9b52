// What people do with the pages: type, paste, press keys. No server answers the forms.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { addAuthenticator, launch, newPage } from './support/browser.mjs';
import { Gallery } from './support/gallery.mjs';

const BOX = '[data-scope="pin-input"][data-part="input"]';

let gallery;
let browser;

before(async () => {
  [gallery, browser] = await Promise.all([Gallery.start(), launch()]);
});

after(async () => {
  await browser?.close();
  gallery?.stop();
});

async function open(name, options) {
  const page = await newPage(browser, options);
  await page.goto(gallery.page(name));
  return page;
}

/** Resolves with the fields of the next form that the page sends, which is answered with nothing. */
function nextForm(page) {
  return new Promise((resolve) => {
    page.route('**/*', (route) => {
      const request = route.request();
      if (request.method() !== 'POST' || request.resourceType() !== 'document') return route.fallback();
      resolve({ path: new URL(request.url()).pathname, fields: Object.fromEntries(new URLSearchParams(request.postData())) });
      return route.fulfill({ status: 204 });
    });
  });
}

test('the selectors that migrated tests use are there', async () => {
  const page = await open('sign_in-2');
  const sent = nextForm(page);
  await page.locator('input[name="email"]').fill('ada@example.com');
  assert.equal(await page.locator('button[type="submit"]').innerText(), 'Continue');
  await page.getByRole('button', { name: 'Continue' }).click();
  assert.deepEqual(await sent, { path: '/a/auth/login', fields: { csrf: 'csrf', email: 'ada@example.com' } });
});

test('a code is typed into its boxes and sends itself', async () => {
  const page = await open('enter_code-1');
  const sent = nextForm(page);
  assert.equal(await page.locator(BOX).count(), 6);
  await page.keyboard.type('123456');
  assert.deepEqual((await sent).fields, { csrf: 'csrf', code: '123456' });
});

test('a code is filled in box by box', async () => {
  const page = await open('enter_code-1');
  const sent = nextForm(page);
  for (const [at, digit] of [...'424242'].entries()) await page.locator(BOX).nth(at).fill(digit);
  assert.equal((await sent).fields.code, '424242');
});

test('a code is pasted whole, with what mail programs put into it', async () => {
  const page = await open('enter_code-1', { permissions: ['clipboard-read', 'clipboard-write'] });
  const sent = nextForm(page);
  await page.evaluate(() => navigator.clipboard.writeText(' 123 456 '));
  await page.locator(BOX).first().focus();
  await page.keyboard.press('Control+V');
  assert.equal((await sent).fields.code, '123456');
});

test('a wrong digit is put right with the keyboard', async () => {
  const page = await open('enter_code-1');
  const sent = nextForm(page);
  await page.keyboard.type('12');
  await page.keyboard.press('Backspace');
  await page.keyboard.press('Backspace');
  await page.keyboard.type('9');
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.type('8');
  assert.equal(await page.locator(BOX).nth(1).inputValue(), '8');
  await page.locator(BOX).nth(2).focus();
  await page.keyboard.type('3456');
  assert.equal((await sent).fields.code, '183456');
});

test('without script a code has one field, with the same name', async () => {
  const page = await open('enter_code-1', { javaScriptEnabled: false });
  const sent = nextForm(page);
  await page.locator(BOX).fill('123456');
  await page.locator('button[type="submit"]').click();
  assert.equal((await sent).fields.code, '123456');
});

test('without script nobody is offered a passkey', async () => {
  const page = await open('sign_in-2', { javaScriptEnabled: false });
  assert.equal(await page.locator('[data-passkey-button]').isVisible(), false);
});

test('tab goes through the sign-in in the order in which it is read', async () => {
  const page = await open('sign_in-2');
  const order = [];
  for (let step = 0; step < 6; step += 1) {
    order.push(await page.evaluate(() => (document.activeElement.name || document.activeElement.innerText).trim()));
    await page.keyboard.press('Tab');
  }
  assert.deepEqual(order, ['email', 'Continue', 'Continue with Google', 'Continue with Microsoft', 'Sign in with a passkey', 'Sign up']);
});

const challenge = 'AAECAwQFBgcICQoLDA0ODw';
const creation = {
  publicKey: {
    rp: { id: 'localhost', name: 'Test' },
    user: { id: 'AQID', name: 'ada@example.com', displayName: 'Ada' },
    challenge,
    pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
  },
};

/** The gallery at the name that passkeys are bound to, with an answer to `begin`. */
async function openWithKey(name, options, before) {
  const page = await newPage(browser);
  const begun = [];
  await page.addInitScript(before ?? (() => {}));
  await page.route(/\/passkey\/(begin|new)/, (route) => {
    begun.push(route.request().postDataJSON());
    return route.fulfill({ json: { ceremony: 'ceremony_1', options } });
  });
  await page.goto(gallery.page(name).replace('127.0.0.1', 'localhost'));
  return { page, begun, key: await addAuthenticator(page) };
}

test('a passkey is made', async () => {
  const { page, begun, key } = await openWithKey('add_passkey-1', creation);
  const sent = nextForm(page);
  await page.getByRole('button', { name: 'Create a passkey' }).click();
  const { path, fields } = await sent;
  assert.equal(path, '/a/auth/passkey/keep');
  assert.deepEqual(begun, [{ csrf: 'csrf' }]);
  assert.equal(fields.csrf, 'csrf');
  assert.equal(fields.ceremony, 'ceremony_1');
  const [made] = await key.credentials();
  const { id, response } = JSON.parse(fields.assertion);
  assert.equal(Buffer.from(id, 'base64url').toString('base64'), made.credentialId);
  assert.equal(JSON.parse(Buffer.from(response.clientDataJSON, 'base64url')).challenge, challenge);
  assert.ok(response.attestationObject);
});

const withoutJson = () => {
  delete PublicKeyCredential.parseCreationOptionsFromJSON;
  delete PublicKeyCredential.parseRequestOptionsFromJSON;
  delete PublicKeyCredential.prototype.toJSON;
  PublicKeyCredential.isConditionalMediationAvailable = undefined;
};

for (const [browserKind, before] of [['a new browser', undefined], ['an old browser', withoutJson]]) {
  test(`a passkey signs in, in ${browserKind}`, async () => {
    const { page, key } = await openWithKey('add_passkey-1', creation, before);
    const made = nextForm(page);
    await page.getByRole('button', { name: 'Create a passkey' }).click();
    await made;
    assert.equal((await key.credentials()).length, 1);
    await page.unrouteAll();
    const request = { publicKey: { challenge, rpId: 'localhost', userVerification: 'required' } };
    await page.route('**/passkey/begin*', (route) => route.fulfill({ json: { ceremony: 'ceremony_2', options: request } }));
    const sent = nextForm(page);
    await page.goto(gallery.page('sign_in-4').replace('127.0.0.1', 'localhost'));
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
    const { path, fields } = await sent;
    assert.equal(path, '/a/auth/passkey/finish');
    assert.equal(fields.ceremony, 'ceremony_2');
    const { response } = JSON.parse(fields.assertion);
    assert.equal(JSON.parse(Buffer.from(response.clientDataJSON, 'base64url')).type, 'webauthn.get');
    assert.ok(response.signature && response.authenticatorData && response.userHandle);
  });
}

test('a passkey that the server does not begin leaves a word, and the button', async () => {
  const page = await newPage(browser);
  await page.route('**/passkey/begin*', (route) => route.fulfill({ status: 500, body: '' }));
  await page.goto(gallery.page('sign_in-4').replace('127.0.0.1', 'localhost'));
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
  await page.getByRole('alert').getByText('That did not work').waitFor();
  assert.equal(await page.getByRole('button', { name: 'Sign in with a passkey' }).isEnabled(), true);
});
