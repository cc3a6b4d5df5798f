// What can go wrong. Every error of the server keeps the server's own words.
import {status, type ServiceError} from '@grpc/grpc-js';

/** Any failure of a call. `code` is gRPC's name of it, such as "NOT_FOUND"; `message` is the server's. */
export class FoveaError extends Error {
  constructor(
    message: string,
    readonly code: string = 'UNKNOWN',
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** A field is missing, malformed or over its limit; the message names both. */
export class InvalidArgumentError extends FoveaError {}
/** A message is in none of the shapes that the client reads, or is malformed in its shape. */
export class MessageShapeError extends InvalidArgumentError {
  constructor(message: string) {
    super(message, 'INVALID_ARGUMENT');
  }
}
/** No such session, turn, page or reader. */
export class NotFoundError extends FoveaError {}
/** The session's id is taken, or an idempotency key was used with other turns. */
export class AlreadyExistsError extends FoveaError {}
/** A turn past the session's end. */
export class OutOfRangeError extends FoveaError {}
/** Another writer appended first. */
export class ConflictError extends FoveaError {}
/** No token, or one that the server does not know. */
export class UnauthenticatedError extends FoveaError {}
/** The token does not allow this call. */
export class PermissionDeniedError extends FoveaError {}
/** The server cannot do this in its present state. */
export class FailedPreconditionError extends FoveaError {}
/** A limit was reached. */
export class ResourceExhaustedError extends FoveaError {}
/** No server answers, or it is stopping; retries did not help within the deadline. */
export class UnavailableError extends FoveaError {}
/** The call took longer than its deadline. */
export class DeadlineExceededError extends FoveaError {}
/** Stored bytes do not decode. */
export class DataLossError extends FoveaError {}
/** A fault of the server's, whose log says more. */
export class InternalError extends FoveaError {}

/** The budget cannot hold what must be text. `requiredTokens` is the smallest budget that can. */
export class BudgetTooSmallError extends ResourceExhaustedError {
  constructor(
    message: string,
    readonly requiredTokens: number,
    options?: ErrorOptions,
  ) {
    super(message, 'RESOURCE_EXHAUSTED', options);
  }
}

const BY_CODE: Partial<Record<string, typeof FoveaError>> = {
  INVALID_ARGUMENT: InvalidArgumentError,
  NOT_FOUND: NotFoundError,
  ALREADY_EXISTS: AlreadyExistsError,
  OUT_OF_RANGE: OutOfRangeError,
  ABORTED: ConflictError,
  UNAUTHENTICATED: UnauthenticatedError,
  PERMISSION_DENIED: PermissionDeniedError,
  FAILED_PRECONDITION: FailedPreconditionError,
  RESOURCE_EXHAUSTED: ResourceExhaustedError,
  UNAVAILABLE: UnavailableError,
  DEADLINE_EXCEEDED: DeadlineExceededError,
  DATA_LOSS: DataLossError,
  INTERNAL: InternalError,
};

/** The error of a call to `address` that ended with a status. */
export function fromStatus(failure: ServiceError, address: string): FoveaError {
  const options = {cause: failure};
  const code = status[failure.code];
  // gRPC's own failure to connect, and not a word of the server's.
  if (failure.code === status.UNAVAILABLE && /connect|resolution/i.test(failure.details)) {
    const words = `no server answers at ${address} (start fovead, or use local()): ${failure.details}`;
    return new UnavailableError(words, code, options);
  }
  const required = failure.metadata.get('fovea-required-tokens')[0];
  if (code === 'RESOURCE_EXHAUSTED' && required !== undefined) {
    return new BudgetTooSmallError(failure.details, Number(required), options);
  }
  return new (BY_CODE[code] ?? FoveaError)(failure.details, code, options);
}
