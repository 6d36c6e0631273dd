/**
 * What does the runs that the ledger holds. The ledger is the truth, and an executor keeps nothing that it could not
 * read there again; what is asked of every one of them is in test/contract/executor-contract.ts.
 */
export interface Executor {
  /** Takes up what an earlier process left: goes on with open runs, and removes the files of those without a report. */
  recover(): Promise<void>;
  /** Looks for runs that nobody works on. Call it whenever one was planned. */
  wake(): Promise<void>;
  /** Stops the work on the rule's run, whatever it is doing; the ledger has been told its end already. */
  cancel(ruleUid: string): void;
  /** Stops all work and waits for its end. Open runs stay open, and go on at the next start. */
  close(): Promise<void>;
}
