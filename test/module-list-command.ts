/** The command line, which says on stderr at its end how many modules of OpenTelemetry's SDK it loaded. */

import { registerHooks } from 'node:module';

const loaded: string[] = [];
registerHooks({
  load(url, context, next) {
    // The bare API does nothing by itself; prom-client brings it along.
    if (/@opentelemetry\/(?!api\/)/.test(url)) loaded.push(url);
    return next(url, context);
  },
});
process.on('exit', () => process.stderr.write(`Modules of the SDK: ${loaded.length}\n`));

await import('./command.ts');
