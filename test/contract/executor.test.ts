import { LocalExecutor } from '../../src/jobs/local-executor.ts';
import { executorContract } from './executor-contract.ts';
import { executorFaults } from './executor-faults.ts';
import { executorIncidents } from './executor-incidents.ts';
import { executorTurns } from './executor-turns.ts';
import type { MakeExecutor } from './executor-world.ts';

const inThisProcess: MakeExecutor = (options) => new LocalExecutor(options);

for (const laws of [executorContract, executorTurns, executorFaults, executorIncidents]) {
  laws('in this process', inThisProcess);
}
