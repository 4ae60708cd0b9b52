// Passkeys, and one box for each character of a code. Pages work without it, except for passkeys.
'use strict';

const form = document.querySelector('form[data-passkey]');
const button = document.querySelector('[data-passkey-button]');
const problem = document.querySelector('[data-passkey-problem]');
let waiting = null;

const toBytes = (text) => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0));
const toText = (bytes) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');

// WebAuthn Level 3 §5.1.9 and §5.1.10, for browsers that do not have them yet.
function parse(kind, options) {
  const own = kind === 'create' ? 'parseCreationOptionsFromJSON' : 'parseRequestOptionsFromJSON';
  if (PublicKeyCredential[own]) return PublicKeyCredential[own](options);
  const named = (list) => (list || []).map((one) => ({ ...one, id: toBytes(one.id) }));
  const parsed = { ...options, challenge: toBytes(options.challenge) };
  if (options.user) parsed.user = { ...options.user, id: toBytes(options.user.id) };
  if (options.excludeCredentials) parsed.excludeCredentials = named(options.excludeCredentials);
  if (options.allowCredentials) parsed.allowCredentials = named(options.allowCredentials);
  return parsed;
}

// WebAuthn Level 3 §5.1.3.
function toJson(credential) {
  if (credential.toJSON) return credential.toJSON();
  const response = {};
  for (const name of ['clientDataJSON', 'attestationObject', 'authenticatorData', 'signature', 'userHandle']) {
    if (credential.response[name]) response[name] = toText(credential.response[name]);
  }
  if (credential.response.getTransports) response.transports = credential.response.getTransports();
  return {
    id: credential.id,
    rawId: toText(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment || undefined,
    response,
    clientExtensionResults: credential.getClientExtensionResults(),
  };
}

async function begin(email) {
  const answer = await fetch(form.dataset.begin, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify({ csrf: form.elements.csrf.value, ...(email && { email }) }),
  });
  if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
  return answer.json();
}

async function ceremony(mediation) {
  const kind = form.dataset.passkey;
  if (waiting) waiting.abort();
  const mine = (waiting = new AbortController());
  const field = document.querySelector('input[name="email"]');
  const email = !mediation && field && field.validity.valid ? field.value : '';
  const { ceremony: id, options } = await begin(email);
  const request = { publicKey: parse(kind, options.publicKey || options), signal: mine.signal };
  if (mediation) request.mediation = mediation;
  const credential = await navigator.credentials[kind](request);
  if (!credential) return;
  form.elements.ceremony.value = id;
  form.elements.assertion.value = JSON.stringify(toJson(credential));
  form.submit();
}

async function pressed() {
  problem.hidden = true;
  button.disabled = true;
  try {
    await ceremony();
  } catch {
    problem.hidden = false;
  } finally {
    button.disabled = false;
  }
}

async function offerAmongSuggestions() {
  if (!PublicKeyCredential.isConditionalMediationAvailable) return;
  if (!(await PublicKeyCredential.isConditionalMediationAvailable())) return;
  // Whoever does not choose one is not told anything.
  await ceremony('conditional').catch(() => {});
}

if (form && window.PublicKeyCredential) {
  if (button) {
    button.hidden = false;
    button.addEventListener('click', pressed);
  }
  if ('conditional' in form.dataset) offerAmongSuggestions();
}

// A code in boxes. The field itself stays, out of sight, and is what the form sends.
function makeBoxes(field) {
  const length = Number(field.dataset.length);
  const group = document.createElement('div');
  group.className = 'boxes';
  group.setAttribute('role', 'group');
  group.setAttribute('aria-labelledby', 'code-label');
  const boxes = Array.from({ length }, (_, at) => makeBox(field, at));
  group.append(...boxes);
  for (const name of ['data-scope', 'data-part', 'required', 'autofocus', 'id', 'autocomplete']) field.removeAttribute(name);
  field.type = 'hidden';
  field.after(group);
  document.getElementById('code-label').removeAttribute('for');
  const spread = (from, text) => {
    const letters = [...text.replace(/[\s-]/g, '')].slice(0, length - from);
    letters.forEach((letter, n) => { boxes[from + n].value = letter; });
    field.value = boxes.map((box) => box.value).join('');
    const next = boxes[Math.min(from + letters.length, length - 1)];
    if (letters.length) next.focus();
    if (boxes.every((box) => box.value)) field.form.requestSubmit();
  };
  boxes.forEach((box, at) => {
    box.addEventListener('input', () => spread(at, box.value));
    box.addEventListener('focus', () => box.select());
    box.addEventListener('paste', (event) => {
      event.preventDefault();
      spread(at, event.clipboardData.getData('text'));
    });
    box.addEventListener('keydown', (event) => moveBetween(event, boxes, at));
  });
  boxes[0].focus();
}

function makeBox(field, at) {
  const box = document.createElement('input');
  box.inputMode = field.inputMode;
  box.autocomplete = at === 0 ? 'one-time-code' : 'off';
  box.autocapitalize = 'none';
  box.spellcheck = false;
  box.required = true;
  box.dataset.scope = 'pin-input';
  box.dataset.part = 'input';
  box.setAttribute('aria-label', field.dataset.box.replace('#', at + 1));
  for (const name of ['aria-invalid', 'aria-describedby']) {
    if (field.hasAttribute(name)) box.setAttribute(name, field.getAttribute(name));
  }
  return box;
}

function moveBetween(event, boxes, at) {
  const to = { ArrowLeft: at - 1, ArrowRight: at + 1 }[event.key] ?? (event.key === 'Backspace' && !boxes[at].value ? at - 1 : at);
  if (to === at || !boxes[to]) return;
  event.preventDefault();
  boxes[to].focus();
}

const code = document.querySelector('input[name="code"][data-length]');
if (code) makeBoxes(code);
