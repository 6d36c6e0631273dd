/**
 * Ceph's object gateway as a peer: a real S3 store from Debian's packages with the least of Ceph beneath it, one
 * monitor and one object daemon that keeps everything in memory. All of it lies in one folder and listens on
 * 127.0.0.1 only, without authentication inside the cluster.
 */

import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { endWithUs } from './leftovers.ts';
import type { StoreAccess } from './wire-client.ts';

const PROGRAMS = ['radosgw', 'radosgw-admin', 'ceph-mon', 'ceph-osd', 'ceph', 'monmaptool'];
const KEY = { accessKeyId: 'BENCHACCESSKEY000001', secret: 'benchSecretKey00000000000000000000000001' };
const START_MS = 90_000;
const LOOK_AGAIN_MS = 50;

const run = promisify(execFile);

/** Undefined when the peer can be started, else what is missing and how to get it. */
export function missingRgw(): string | undefined {
  const missing = PROGRAMS.filter((program) => spawnSync(program, ['--version'], { stdio: 'ignore' }).error);
  if (missing.length === 0) return undefined;
  return `Not compared with Ceph RGW, because ${missing.join(', ')} is not installed. On Debian: apt-get install --no-install-recommends radosgw ceph-mon ceph-osd ceph-common`;
}

export interface Rgw {
  readonly access: StoreAccess;
  /** Kills it: nothing of it is kept. */
  stop(): Promise<void>;
}

export async function startRgw(folder: string): Promise<Rgw> {
  for (const name of ['mon', 'osd', 'run', 'log']) await mkdir(path.join(folder, name));
  const [monPort, port, cluster, osd] = [await freePort(), await freePort(), randomUUID(), randomUUID()];
  const configuration = path.join(folder, 'ceph.conf');
  await writeFile(path.join(folder, 'keyring'), '');
  await writeFile(configuration, configurationText({ folder, cluster, monPort, port }));
  const common = ['-c', configuration];
  const daemons: ChildProcess[] = [];
  const startDaemon = (program: string, args: readonly string[]) => {
    const output = openSync(path.join(folder, 'log', `${program}.out`), 'w');
    const daemon = spawn(program, [...common, ...args, '-f'], { stdio: ['ignore', output, output] });
    closeSync(output);
    endWithUs(daemon);
    daemons.push(daemon);
  };
  const stop = async () => {
    for (const daemon of daemons.splice(0).reverse()) {
      if (daemon.exitCode !== null || daemon.signalCode !== null) continue;
      daemon.kill('SIGKILL');
      await once(daemon, 'exit');
    }
  };
  try {
    const monMap = path.join(folder, 'monmap');
    const monAddress = `[v2:127.0.0.1:${monPort}/0]`;
    const mapArgs = ['--create', '--fsid', cluster, '--set-min-mon-release', '16', '--addv', 'a', monAddress, monMap];
    await run('monmaptool', mapArgs);
    await run('ceph-mon', [...common, '-i', 'a', '--mkfs', '--monmap', monMap]);
    startDaemon('ceph-mon', ['-i', 'a']);
    // The monitor has to know the object daemon's number before that may join.
    await run('ceph', [...common, 'osd', 'new', osd, '0'], { timeout: START_MS });
    await run('ceph-osd', [...common, '--no-mon-config', '-i', '0', '--mkfs', '--osd-uuid', osd]);
    startDaemon('ceph-osd', ['-i', '0']);
    const keyArgs = [`--access-key=${KEY.accessKeyId}`, `--secret-key=${KEY.secret}`];
    const userArgs = ['user', 'create', '--uid=bench', '--display-name=bench', ...keyArgs];
    await run('radosgw-admin', [...common, '-n', 'client.rgw', ...userArgs], { timeout: START_MS });
    startDaemon('radosgw', ['-n', 'client.rgw']);
    const endpoint = `http://127.0.0.1:${port}`;
    await answers(endpoint);
    return { access: { endpoint, scheme: 'AWS', ...KEY }, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function answers(endpoint: string): Promise<void> {
  const givesUpAt = Date.now() + START_MS;
  for (;;) {
    try {
      await (await fetch(endpoint)).arrayBuffer();
      return;
    } catch (error) {
      if (Date.now() > givesUpAt) throw new Error(`Ceph RGW does not answer at ${endpoint}.`, { cause: error });
    }
    await sleep(LOOK_AGAIN_MS);
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function configurationText(place: { folder: string; cluster: string; monPort: number; port: number }): string {
  const { folder, cluster, monPort, port } = place;
  return `[global]
fsid = ${cluster}
mon_host = v2:127.0.0.1:${monPort}/0
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
ms_bind_msgr1 = false
# An encrypted line to the monitor would need the cluster's authentication.
ms_cluster_mode = crc
ms_service_mode = crc
ms_client_mode = crc
ms_mon_cluster_mode = crc
ms_mon_service_mode = crc
ms_mon_client_mode = crc
auth_cluster_required = none
auth_service_required = none
auth_client_required = none
run_dir = ${folder}/run
crash_dir = ${folder}/run
keyring = ${folder}/keyring
admin_socket =
log_file = ${folder}/log/$name.log
mon_cluster_log_file = ${folder}/log/cluster.log
log_to_stderr = false
max_open_files = 0
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 4
osd_pool_default_pgp_num = 4
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 0
mon_allow_pool_size_one = true
mon_max_pg_per_osd = 2000
# Neither logs for debugging nor the rings of them in memory.
debug_none = 0/0
debug_auth = 0/0
debug_mon = 0/0
debug_ms = 0/0
debug_objecter = 0/0
debug_osd = 0/0
debug_paxos = 0/0
debug_rados = 0/0
debug_rgw = 0/0

[mon]
mon_data = ${folder}/mon
# Decisions at once: the default of a second each makes the start slow.
paxos_propose_interval = 0.02
paxos_min_wait = 0.01

[osd]
osd_data = ${folder}/osd
osd_journal = ${folder}/osd/journal
osd_objectstore = memstore
memstore_device_bytes = 17179869184
memstore_page_set = true
memstore_page_size = 1024
osd_class_update_on_start = false
osd_max_object_name_len = 2048
# With one copy there is nobody to send a log of past writes to.
osd_min_pg_log_entries = 1
osd_max_pg_log_entries = 10

[client.rgw]
rgw_data = ${folder}/run
# Without tcp_nodelay every answer of more than one packet waits 40 ms.
rgw_frontends = beast endpoint=127.0.0.1:${port} tcp_nodelay=1
rgw_enable_apis = s3, admin
rgw_dynamic_resharding = false
rgw_enable_usage_log = false
rgw_enable_ops_log = false
`;
}
