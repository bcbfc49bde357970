/**
 * Makes a closed standard output or error (`… | head`, a terminal that is gone) an ordinary event: without a listener
 * Node raises it as an uncaught exception, and whoever reports that one there raises the next. What is written after
 * that is dropped. Every program calls it first.
 */
export function survivesClosedStreams(): void {
  for (const stream of [process.stdout, process.stderr]) {
    if (stream.listeners('error').includes(ignore)) continue;
    stream.on('error', ignore);
  }
}

function ignore(): void {
  // There is nowhere left to say it.
}
