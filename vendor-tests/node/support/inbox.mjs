// The mails of a server without an SMTP server, as developers read them in the browser.

async function get(metrics, path) {
  const response = await fetch(`http://${metrics}${path}`);
  if (!response.ok) throw new Error(`${path} answered with ${response.status}`);
  return response.text();
}

/** The text of each mail to this address, newest first. `metrics` is the listener's host:port. */
export async function mailsTo(metrics, recipient) {
  const list = await get(metrics, '/mail');
  const entries = [...list.matchAll(/href="(\/mail\/mail_[0-9]+)">\s*<span class="to">([^<]*)</g)];
  const paths = entries.filter((entry) => entry[2] === recipient).map((entry) => entry[1]);
  return Promise.all(paths.map((path) => get(metrics, `${path}/text`)));
}

/** The code in the newest mail to this address. */
export async function codeTo(metrics, recipient) {
  const [newest = ''] = await mailsTo(metrics, recipient);
  const code = /^ +([0-9]{6})$/m.exec(newest);
  if (!code) throw new Error(`no mail with a code to ${recipient}: ${newest}`);
  return code[1];
}
