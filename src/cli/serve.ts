import type { Command } from 'commander';
import { loadSettings, type SettingFlags } from '../config.ts';
import { rootKeyFile } from '../data-folder/root-key.ts';
import { printJson, say } from './output.ts';

export function addServeCommand(program: Command): void {
  program
    .command('serve')
    .description('serve buckets, rules and runs from a data folder')
    .option('--data <dir>', 'the data folder (STOCKTAKE_DATA; default ./stocktake-data)')
    .option('--host <host>', 'the address to listen on (STOCKTAKE_HOST; default 127.0.0.1)')
    .option('--port <port>', 'the port; 0 picks one (STOCKTAKE_PORT; default 9300)')
    .option('--domain <domain>', 'bucket.<domain> is virtual-hosted (STOCKTAKE_DOMAIN; default localhost)')
    .option('--region <regions>', 'served regions, the first is the default (STOCKTAKE_REGION; default cn-hangzhou)')
    .option('--key-file <file>', 'the key that seals all others (STOCKTAKE_KEY_FILE; default in the data folder)')
    .option(
      '--audit-log <file>',
      'who changed what and who was refused (STOCKTAKE_AUDIT_LOG; default in the data folder)',
    )
    .option('--tls-cert <file>', 'serve TLS with this certificate, PEM (STOCKTAKE_TLS_CERT)')
    .option('--tls-key <file>', 'the private key of the certificate, PEM, mode 0600 (STOCKTAKE_TLS_KEY)')
    .option('--clock <kind>', 'virtual: time stands still until "stocktake clock" moves it, for tests')
    .option('--config <file>', 'a YAML file with the same settings, and the limits')
    .option('--json', 'JSON on stdout; the first line says where it listens', false)
    .addHelpText(
      'after',
      `
Examples:
  $ stocktake serve
  $ stocktake serve --data /srv/stocktake --port 0 --json
  $ STOCKTAKE_ACCESS_KEY_ID=me STOCKTAKE_ACCESS_KEY_SECRET=secret stocktake serve`,
    )
    .action(serve);
}

async function serve({ json, ...flags }: SettingFlags & { readonly json: boolean }): Promise<void> {
  const settings = loadSettings(flags);
  // Loaded here, because no other command needs the server, and each starts sooner without it.
  const [{ startApp }, { serverLog }] = await Promise.all([import('../app.ts'), import('./server-log.ts')]);
  const log = serverLog({ isForPerson: !json && process.stderr.isTTY });
  const stopping = nextStopSignal();
  const app = await startApp({ settings, log });
  if (app.reloadCertificate !== undefined) process.on('SIGHUP', app.reloadCertificate);
  const { accessKeyId, accessKeySecret } = app.rootKey;
  if (json) {
    // One line, whatever comes after it.
    process.stdout.write(
      `${JSON.stringify({ event: 'listening', endpoint: app.endpoint, data: settings.data, region: settings.region, accessKeyId, isFirstStart: app.isFirstStart })}\n`,
    );
  } else {
    say(`Stocktake serves ${app.endpoint}`);
    say(`  data       ${settings.data}`);
    say(`  region     ${settings.region.join(', ')}`);
    say(`  account    ${settings.accountId}`);
    if (settings.clock === 'virtual') say('  clock      virtual: it stands still until "stocktake clock" moves it');
    if (app.isFirstStart) {
      say(`\nThe root access key was made just now. It is kept in ${rootKeyFile(settings.data)}; for other clients:`);
      say(`  export STOCKTAKE_ACCESS_KEY_ID=${accessKeyId}`);
      say(`  export STOCKTAKE_ACCESS_KEY_SECRET=${accessKeySecret}`);
    } else {
      say(`  root key   ${accessKeyId}`);
    }
    say('\nStop it with Ctrl-C.');
  }
  const cause = await Promise.race([stopping, app.unusable]);
  if (typeof cause === 'string') log.info({ signal: cause }, 'stopping');
  else log.fatal({ err: cause }, 'stopping, because the store has to be opened again: start the server once more');
  await app.close();
  if (typeof cause !== 'string') process.exitCode = 1;
  if (json) printJson({ event: 'stopped' });
}

/** A second signal changes nothing: a terminal and a parent process may each pass on the same Ctrl-C. */
function nextStopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => resolve(signal));
  });
}
