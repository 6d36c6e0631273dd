import type { Command } from 'commander';
import { checkReport, type Problem } from './check-report.ts';
import { formatCount, ProgressLine, printJson, say } from './output.ts';
import { openReportSource } from './report-source.ts';
import { connect, type ServerFlags } from './server-client.ts';
import { withServerOptions } from './server-options.ts';

interface Flags extends ServerFlags {
  readonly json: boolean;
}

export function addVerifyCommand(program: Command): void {
  withServerOptions(program.command('verify <manifest>'))
    .description('check a delivered report: checksum, MD5s, rows, order; exits 1 and says where if it is not right')
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
    const { problems, files, rows } = await checkReport(source, (count) => progress.show(`${formatCount(count)} rows`));
    progress.end();
    if (problems.length > 0) process.exitCode = 1;
    if (flags.json) printJson({ ok: problems.length === 0, manifest: location, files, rows, problems });
    else if (problems.length === 0)
      say(
        `The report is whole: ${formatCount(rows)} rows in ${files} file${files === 1 ? '' : 's'}, checksums right, rows in order, none twice.`,
      );
    else for (const problem of problems) say(describe(problem));
  } finally {
    await source.close();
  }
}

function describe({ file, row, text }: Problem): string {
  return `WRONG  ${file}${row === undefined ? '' : `, row ${row}`}: ${text}`;
}
