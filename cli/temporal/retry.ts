import { type ConnectionOptions, defaultGrpcRetryOptions, makeGrpcRetryInterceptor } from '@temporalio/client';

type Interceptors = NonNullable<ConnectionOptions['interceptors']>;
type Interceptor = Interceptors[number];
type Call = ReturnType<Interceptor>;

/** Status code of gRPC: CANCELLED. */
const CANCELLED = 1;

/**
 * The SDK's retries of a failed call, for as long as the connection is open. One whose pause ends later fails like any call:
 * left to itself, it would throw out of a timer, which ends the process.
 */
export function retriesWhile(isOpen: () => boolean): Interceptors {
  const usual = defaultGrpcRetryOptions();
  const retry = makeGrpcRetryInterceptor({
    ...usual,
    retryableDecider: (attempt, status) => isOpen() && usual.retryableDecider(attempt, status),
  });
  const attempted = new WeakSet<object>();
  const gate: Interceptor = (options, nextCall) => {
    if (!isOpen() && attempted.has(options)) return closedCall();
    attempted.add(options);
    return nextCall(options) as Call;
  };
  return [retry, gate];
}

/** Fails as soon as it starts. */
function closedCall(): Call {
  const nothing = (): void => undefined;
  const call: Partial<Call> = {
    start: (metadata, listener) =>
      listener?.onReceiveStatus?.({ code: CANCELLED, details: 'The connection is closed.', metadata }),
    sendMessage: nothing,
    halfClose: nothing,
  };
  return call as Call;
}
