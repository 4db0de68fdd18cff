/** Ends a client whose output nobody reads any more, quietly; or with 1 and the reason if it cannot be written. */
export function watchOutput(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') process.stderr.write(`slipway: cannot write: ${error.message}\n`);
    endUnlessServer(error);
  });
  process.stderr.on('error', endUnlessServer);
}

function endUnlessServer({ code }: NodeJS.ErrnoException): void {
  // A server needs no reader: it ends when it is asked to, in order.
  if (process.listenerCount('SIGTERM') === 0) process.exit(code === 'EPIPE' ? process.exitCode : 1);
}
