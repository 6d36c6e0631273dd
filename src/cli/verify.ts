import type { Command } from 'commander';
import { checkReport } from './check-report.ts';
import { formatCount, ProgressLine, printJson, say } from './output.ts';
import type { Problem } from './problems.ts';
import { openReportSource } from './report-source.ts';
import { connect, type ServerFlags } from './server-client.ts';
import { withServerOptions } from './server-options.ts';

interface Flags extends ServerFlags {
  readonly json: boolean;
}

export function addVerifyCommand(program: Command): void {
  withServerOptions(program.command('verify <manifest>'))
    .description(
      'check a delivered report: checksums, rows, order, and that none is missing; exits 1 and says where if not',
    )
    .addHelpText(
      'after',
      `
The manifest is a local file, oss://BUCKET/KEY on the server, or a public http(s) URL.

Examples:
  $ stocktake verify reports/inv/photos/nightly/2026-10-04T16-00Z/manifest.json
  $ stocktake verify oss://reports/inv/photos/nightly/2026-10-04T16-00Z/manifest.json`,
    )
    .action(verify);
}

async function verify(location: string, flags: Flags): Promise<void> {
  const source = openReportSource(location, () => connect(flags));
  const progress = new ProgressLine({ isJson: flags.json });
  try {
    const { problems, notes, isProven, files, rows } = await checkReport(source, (count) =>
      progress.show(`${formatCount(count)} rows`),
    );
    progress.end();
    if (problems.length > 0) process.exitCode = 1;
    if (flags.json) printJson({ ok: problems.length === 0, manifest: location, files, rows, problems, notes });
    else {
      if (problems.length === 0) say(verdict(files, rows, isProven));
      for (const problem of problems) say(describe(problem));
      for (const note of notes) say(`NOTE   ${note}`);
    }
  } finally {
    await source.close();
  }
}

function verdict(files: number, rows: number, isProven: boolean): string {
  const whole = `The report is whole: ${formatCount(rows)} rows in ${files} file${files === 1 ? '' : 's'}`;
  const proven = isProven ? ', and none that the run wrote is missing' : '';
  return `${whole}, checksums right, rows in order, none twice${proven}.`;
}

function describe({ file, shard, row, text }: Problem): string {
  const where = [
    file,
    ...(shard === undefined ? [] : [`shard ${shard}`]),
    ...(row === undefined ? [] : [`row ${row}`]),
  ];
  return `WRONG  ${where.join(', ')}: ${text}`;
}
