// A small browser for the hosted pages: cookies, redirects within the server, forms. It runs no script.

const entities = { '#38': '&', amp: '&', '#34': '"', quot: '"', '#39': "'", '#60': '<', lt: '<' };
const decoded = (text) => text.replaceAll(/&(#?\w+);/g, (whole, name) => entities[name] ?? whole);
const attribute = (tag, name) => {
  const found = new RegExp(` ${name}="([^"]*)"`).exec(tag);
  return found ? decoded(found[1]) : undefined;
};

export class Browser {
  #cookies = new Map();

  constructor(base) {
    this.base = base;
  }

  /** Opens an address and follows redirects as long as they stay on the server: `{ status, html, away }`. */
  open(url) {
    return this.#follow(url, {});
  }

  /** Fills the form whose action starts so, and sends it. */
  submit(page, action, fields) {
    const form = page.html
      .split('<form')
      .slice(1)
      .map((text) => text.split('</form>')[0])
      .find((text) => attribute(text.split('>')[0], 'action')?.startsWith(action));
    if (!form) throw new Error(`no form to ${action}: ${page.status} ${page.away ?? page.html}`);
    const hidden = form.split('<input').slice(1).map((text) => text.split('>')[0]).filter((tag) => tag.includes('type="hidden"'));
    const body = new URLSearchParams(hidden.map((tag) => [attribute(tag, 'name'), attribute(tag, 'value') ?? '']));
    for (const [name, value] of Object.entries(fields)) body.append(name, value);
    return this.#follow(attribute(form.split('>')[0], 'action'), { method: 'POST', body });
  }

  async #follow(url, options) {
    let shown = await this.#send(url, options);
    for (let hops = 0; hops < 10; hops += 1) {
      if (!shown.location) return shown;
      const next = new URL(shown.location, this.base);
      if (next.origin !== this.base) return { ...shown, away: next };
      shown = await this.#send(next.href, {});
    }
    throw new Error(`too many redirects from ${url}`);
  }

  async #send(url, options) {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(new URL(url, this.base), { ...options, headers: { cookie }, redirect: 'manual' });
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
      if (/max-age=0(;|$)/i.test(line)) this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
    return { status: response.status, location: response.headers.get('location'), html: await response.text() };
  }
}
