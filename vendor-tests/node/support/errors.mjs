// What every error of the server must look like through the SDK (management.md 0.9).

import assert from 'node:assert/strict';
import { ScalekitServerException } from '@scalekit-sdk/node';

/** The gRPC numbers, as in google.rpc.Code. */
export const Code = {
  InvalidArgument: 3,
  NotFound: 5,
  AlreadyExists: 6,
  FailedPrecondition: 9,
  Unauthenticated: 16,
};

/** Resolves with the error that `call` is refused with, having checked its class and each of its members. */
export async function refused(call, { type, grpcStatus, httpStatus, errorCode, message }) {
  const error = await call.then(
    () => assert.fail('the call succeeded'),
    (rejection) => rejection,
  );
  if (error instanceof assert.AssertionError) throw error;
  assert.ok(error instanceof type, `${error.name}: ${error.message}`);
  assert.ok(error instanceof ScalekitServerException);
  assert.equal(error.grpcStatus, grpcStatus);
  assert.equal(error.httpStatus, httpStatus);
  assert.equal(error.errorCode, errorCode);
  assert.equal(error.errDetails.length, 1, 'exactly one detail');
  assert.deepEqual(error.unpackedDetails, error.errDetails);
  assert.match(error.unpackedDetails[0].requestInfo.requestId, /\S/);
  if (message) assert.match(error.message, message);
  return error;
}

/** The violated fields of an error, as `[field, constraint]` pairs. */
export function violations(error) {
  return error.unpackedDetails[0].validationErrorInfo.fieldViolations.map(({ field, constraint }) => [field, constraint]);
}
