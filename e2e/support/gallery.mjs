// The program that shows every hosted page in every state (crates/testkit/examples/pages.rs).

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const target = path.dirname(process.env.GATEWRIGHT_BIN ?? fileURLToPath(new URL('../../target/debug/gatewright', import.meta.url)));

export class Gallery {
  #process;

  static async start() {
    const gallery = new Gallery();
    gallery.#process = spawn(path.join(target, 'examples', 'pages'), { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(gallery.#process, 'spawn');
    const lines = createInterface({ input: gallery.#process.stdout });
    const [url] = await once(lines, 'line');
    gallery.url = url;
    return gallery;
  }

  /** The names of all states of all pages. */
  async names() {
    return (await (await fetch(`${this.url}names`)).text()).trim().split('\n');
  }

  /** `kind` is `plain` or `branded`. */
  page(name, { kind = 'plain', language = 'en' } = {}) {
    return `${this.url}${kind}/${language}/${name}`;
  }

  stop() {
    this.#process.kill();
  }
}
