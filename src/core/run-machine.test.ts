import { expect, test } from 'vitest';
import { ENDED_RUN_STATES, OPEN_RUN_STATES } from './run.ts';
import { NEXT_STATES, STATE_WHEN_PUT_OFF, statesBefore } from './run-machine.ts';

test('what is over stays as it is, and what is open can end', () => {
  for (const state of ENDED_RUN_STATES) expect(NEXT_STATES[state]).toEqual([]);
  for (const state of OPEN_RUN_STATES) expect(NEXT_STATES[state]).toContain('failed');
});

test('once a run is publishing, it neither goes back nor is cancelled', () => {
  expect(NEXT_STATES.publishing).toEqual(['published', 'empty', 'failed']);
});

test('nothing is published that was not scanned', () => {
  expect(statesBefore('published')).toEqual(['publishing']);
  expect(statesBefore('empty')).toEqual(['publishing']);
  expect(statesBefore('publishing')).toEqual(['scanning']);
});

test('a run that is put off stays in its state, or goes a way that there is', () => {
  for (const state of OPEN_RUN_STATES) {
    const to = STATE_WHEN_PUT_OFF[state];
    if (to !== state) expect(NEXT_STATES[state]).toContain(to);
  }
});
