// As much of a browser as a sign-in needs: cookies of each origin, redirects, forms.

export class Browser {
  #cookies = new Map(); // origin -> name -> value

  /** Opens a URL and follows redirects, up to one that `leaves` the hosts of the test. */
  async open(url, { leaves = () => false, ...init } = {}) {
    for (let hop = 0; hop < 20; hop += 1) {
      const { origin } = new URL(url);
      const jar = this.#cookies.get(origin) ?? new Map();
      const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
      const headers = { 'accept-language': 'en', ...init.headers, ...(cookie && { cookie }) };
      const response = await fetch(url, { ...init, headers, redirect: 'manual' });
      this.#keep(origin, response);
      const location = response.headers.get('location');
      if (location === null) return { url, status: response.status, headers: response.headers, html: await response.text() };
      await response.body?.cancel();
      url = new URL(location, url).href;
      if (leaves(url)) return { url, status: response.status };
      init = {};
    }
    throw new Error(`too many redirects, the last to ${url}`);
  }

  #keep(origin, response) {
    const jar = this.#cookies.get(origin) ?? new Map();
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
      if (value === '' || /expires=thu, 01 jan 1970/i.test(line)) jar.delete(name);
      else jar.set(name, value);
    }
    this.#cookies.set(origin, jar);
  }

  /** Fills the first form of a page whose action has this in it, and sends it. */
  async submit(page, action, fields, options) {
    const forms = [...page.html.matchAll(/<form[^>]*action="([^"]*)"[^>]*>([\s\S]*?)<\/form>/g)];
    const form = forms.find(([, target]) => target.includes(action));
    if (form === undefined) throw new Error(`no form ${action} at ${page.url} (${page.status}):\n${page.html}`);
    const values = new URLSearchParams();
    for (const [input] of form[2].matchAll(/<input[^>]*>/g)) {
      const name = /\bname="([^"]*)"/.exec(input)?.[1];
      if (name !== undefined) values.set(name, /\bvalue="([^"]*)"/.exec(input)?.[1] ?? '');
    }
    for (const [name, value] of Object.entries(fields)) values.set(name, value);
    const target = new URL(form[1].replaceAll('&amp;', '&').replaceAll('&#38;', '&'), page.url).href;
    return this.open(target, { method: 'POST', body: values, ...options });
  }
}
