// A small browser for the hosted pages: cookies, redirects within the server, forms. It runs no script.

import assert from 'node:assert/strict';
import { codeTo } from './inbox.mjs';

const unescape = (text) =>
  text.replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&#34;', '"').replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll(/&amp;|&#38;/g, '&');

/** The value of an attribute in a tag. */
function attribute(tag, name) {
  const match = new RegExp(`\\s${name}="([^"]*)"`).exec(tag);
  return match ? unescape(match[1]) : undefined;
}

export class Browser {
  #cookies = new Map();

  /** `base` is the environment URL. */
  constructor(base) {
    this.base = base;
  }

  /** Opens an address; follows redirects as long as they stay on the server. `away` of the result is where one leads out. */
  open(url) {
    return this.#follow(url, { method: 'GET' });
  }

  /** Fills the form of a page whose action starts so, and sends it. */
  submit(page, action, fields) {
    const forms = [...page.html.matchAll(/(<form[^>]*>)([\s\S]*?)<\/form>/g)];
    const form = forms.find(([, tag]) => attribute(tag, 'action')?.startsWith(action));
    assert.ok(form, `no form to ${action} in ${page.status} ${page.html}`);
    const hidden = [...form[2].matchAll(/<input[^>]*>/g)].map(([tag]) => tag).filter((tag) => tag.includes('type="hidden"'));
    const body = new URLSearchParams(hidden.map((tag) => [attribute(tag, 'name'), attribute(tag, 'value') ?? '']));
    for (const [name, value] of Object.entries(fields)) body.set(name, value);
    return this.#follow(attribute(form[1], 'action'), { method: 'POST', body });
  }

  async #follow(url, init) {
    for (let hops = 0; hops < 10; hops += 1) {
      const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
      const response = await fetch(new URL(url, this.base), { ...init, redirect: 'manual', headers: { cookie } });
      for (const line of response.headers.getSetCookie()) this.#keep(line);
      const location = response.headers.get('location');
      if (!location) return { status: response.status, html: await response.text() };
      const target = new URL(location, this.base);
      if (target.origin !== new URL(this.base).origin) return { status: response.status, html: '', away: target };
      [url, init] = [target.href, { method: 'GET' }];
    }
    throw new Error(`too many redirects at ${url}`);
  }

  #keep(line) {
    const [pair] = line.split(';');
    const [name, value] = [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)];
    if (/Max-Age=0/i.test(line)) this.#cookies.delete(name);
    else this.#cookies.set(name, value);
  }

  /** Signs in by the code in a mail, from the page that `url` opens. Where the browser is sent then. */
  async signIn(url, email, metrics) {
    const first = await this.open(url);
    if (first.away) return first.away;
    const second = await this.submit(first, '/a/auth/email', { email });
    const done = await this.submit(second, '/a/auth/code', { code: await codeTo(metrics, email) });
    assert.ok(done.away, `not sent away: ${done.status} ${done.html}`);
    return done.away;
  }
}
