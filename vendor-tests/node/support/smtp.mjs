// A mail server that takes everything: as much of RFC 5321 as one needs to be sent mails.

import { once } from 'node:events';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

const MAIL_DEADLINE_MS = 30_000;

const address = (line) => /<(.*)>/.exec(line)[1];

export class SmtpSink {
  /** What came so far, oldest first: `{ from, to, data }`. */
  received = [];
  #server;

  static async start() {
    const sink = new SmtpSink();
    sink.#server = createServer((socket) => sink.#converse(socket).catch(() => socket.destroy()));
    sink.#server.listen(0, '127.0.0.1');
    await once(sink.#server, 'listening');
    return sink;
  }

  /** Variables of a server that sends by this one. */
  settings() {
    return {
      GATEWRIGHT_MAIL__SMTP_HOST: '127.0.0.1',
      GATEWRIGHT_MAIL__SMTP_PORT: String(this.#server.address().port),
      GATEWRIGHT_MAIL__SMTP_SECURITY: 'none',
      GATEWRIGHT_MAIL__FROM_ADDRESS: 'no-reply@gatewright.test',
    };
  }

  async #converse(socket) {
    const say = (line) => socket.write(`${line}\r\n`);
    let mail;
    say('220 sink.test ESMTP');
    for await (const line of createInterface({ input: socket, crlfDelay: Infinity })) {
      const verb = line.slice(0, 4).toUpperCase();
      if (mail?.data !== undefined && line === '.') {
        this.received.push(mail);
        mail = undefined;
        say('250 taken');
      } else if (mail?.data !== undefined) mail.data += `${line.replace(/^\./, '')}\n`;
      else if (verb === 'DATA') {
        mail.data = '';
        say('354 go ahead');
      } else {
        if (verb === 'MAIL') mail = { from: address(line), to: [] };
        if (verb === 'RCPT') mail.to.push(address(line));
        say(verb === 'QUIT' ? '221 bye' : '250 ok');
        if (verb === 'QUIT') socket.end();
      }
    }
  }

  /** Resolves with the mails when there are `count`. */
  async waitFor(count) {
    const deadline = Date.now() + MAIL_DEADLINE_MS;
    while (this.received.length < count && Date.now() < deadline) await sleep(20);
    if (this.received.length < count) throw new Error(`${this.received.length} mails in ${MAIL_DEADLINE_MS} ms`);
    return this.received;
  }

  stop() {
    this.#server.close();
  }
}
