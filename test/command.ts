/** The command line from its sources: what `bin/stocktake.js` starts, without a build that might be an older one. */

import { main } from '../src/cli/main.ts';

process.exitCode = await main(process.argv.slice(2));
