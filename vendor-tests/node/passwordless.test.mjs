// Proofs of e-mail addresses by code (management.md 9.1). Links follow with the settings of connections.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ScalekitBadRequestException, ScalekitTooManyRequestsException } from '@scalekit-sdk/node';
import { Code, refused, violations } from './support/errors.mjs';
import { codeTo, mailsTo } from './support/inbox.mjs';
import { freePort, Server } from './support/server.mjs';

const OTP = 1;
const SIGNIN = 1;
const SIGNUP = 2;
const badRequest = {
  type: ScalekitBadRequestException,
  grpcStatus: Code.InvalidArgument,
  httpStatus: 400,
  errorCode: 'INVALID_ARGUMENT',
};
const tooMany = { type: ScalekitTooManyRequestsException, grpcStatus: 8, httpStatus: 429, errorCode: 'RATE_LIMITED' };

const otherThan = (code) => (code === '000000' ? '000001' : '000000');

describe('passwordless', () => {
  let server;
  let passwordless;
  const code = (recipient) => codeTo(server.metrics, recipient);
  before(async () => {
    server = await Server.start({ metrics: `127.0.0.1:${await freePort()}` });
    passwordless = server.client().passwordless;
  });
  after(() => server?.stop());

  test('a mailed code proves an address once', async () => {
    const options = { template: 'SIGNUP', state: 's-1', expiresIn: 300, templateVariables: { plan: 'Team' } };
    const sent = await passwordless.sendPasswordlessEmail('eva@kontor.example', options);
    assert.match(sent.authRequestId, /^\S{20,}$/);
    assert.deepEqual([sent.expiresIn, sent.passwordlessType], [300, OTP]);
    const left = Number(sent.expiresAt) - Date.now() / 1000;
    assert.ok(left > 270 && left <= 301, `${left}`);
    const mailed = await code('eva@kontor.example');
    const wrong = passwordless.verifyPasswordlessEmail({ code: otherThan(mailed) }, sent.authRequestId);
    assert.deepEqual(violations(await refused(wrong, badRequest)), [['code', 'passwordless.code']]);
    const proof = await passwordless.verifyPasswordlessEmail({ code: mailed }, sent.authRequestId);
    assert.deepEqual(
      [proof.email, proof.state, proof.template, proof.passwordlessType],
      ['eva@kontor.example', 's-1', SIGNUP, OTP],
    );
    await refused(passwordless.verifyPasswordlessEmail({ code: mailed }, sent.authRequestId), badRequest);
    await refused(passwordless.resendPasswordlessEmail(sent.authRequestId), badRequest);
  });

  test('a mail is sent again, two times a minute to an address', async () => {
    const sent = await passwordless.sendPasswordlessEmail('bob@kontor.example');
    assert.equal(sent.expiresIn, 3600);
    const again = await passwordless.resendPasswordlessEmail(sent.authRequestId);
    assert.equal((await mailsTo(server.metrics, 'bob@kontor.example')).length, 2);
    await refused(passwordless.resendPasswordlessEmail(again.authRequestId), tooMany);
    await refused(passwordless.sendPasswordlessEmail('Bob@kontor.example'), tooMany);
    const proof = await passwordless.verifyPasswordlessEmail({ code: await code('bob@kontor.example') }, again.authRequestId);
    assert.deepEqual([proof.template, proof.state], [SIGNIN, undefined]);
  });

  test('the sixth wrong code is one too many', async () => {
    const { authRequestId } = await passwordless.sendPasswordlessEmail('cy@kontor.example');
    const mailed = await code('cy@kontor.example');
    for (let count = 0; count < 5; count += 1) {
      await refused(passwordless.verifyPasswordlessEmail({ code: otherThan(mailed) }, authRequestId), badRequest);
    }
    await refused(passwordless.verifyPasswordlessEmail({ code: mailed }, authRequestId), tooMany);
  });

  test('what proves nothing is refused', async () => {
    await refused(passwordless.verifyPasswordlessEmail({ linkToken: 'unknown_l' }), badRequest);
    const withoutId = await refused(passwordless.verifyPasswordlessEmail({ code: '123456' }), badRequest);
    assert.deepEqual(violations(withoutId), [['auth_request_id', 'required']]);
    await refused(passwordless.resendPasswordlessEmail('unknown'), badRequest);
    for (const [email, options, field] of [
      ['kontor.example', {}, 'email'],
      ['dee@kontor.example', { expiresIn: 59 }, 'expires_in'],
      ['dee@kontor.example', { expiresIn: 3601 }, 'expires_in'],
      ['dee@kontor.example', { templateVariables: { otp: '1' } }, 'template_variables[otp]'],
    ]) {
      const error = await refused(passwordless.sendPasswordlessEmail(email, options), badRequest);
      assert.equal(violations(error)[0][0], field);
    }
    assert.deepEqual(await mailsTo(server.metrics, 'dee@kontor.example'), []);
  });
});
