import { type Command, Option } from 'commander';

/** Options of every command that talks to a server. */
export function withServerOptions(command: Command): Command {
  return command
    .option('--endpoint <url>', 'the server (STOCKTAKE_ENDPOINT; default http://127.0.0.1:9300)')
    .option('--ca <file>', 'a PEM file with the authority of the server, if it is a private one (STOCKTAKE_CA)')
    .addOption(new Option('--data <dir>', 'take the root key from this data folder when no key is set').hideHelp())
    .option('--json', 'JSON on stdout, for scripts', false);
}
