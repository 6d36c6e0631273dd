/**
 * The configuration. This file alone reads the environment. Flags win over the environment, the environment over the
 * file, the file over the defaults.
 */

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import { parseIpRange } from './core/ip-range.ts';

/** Whose time objects, rules and runs go by: the machine's, or one that is moved by hand. */
const CLOCK_KINDS = ['system', 'virtual'] as const;
export type ClockKind = (typeof CLOCK_KINDS)[number];

const TRACE_ENDPOINT_ERROR =
  'must be the URL of an OTLP/HTTP collector without user, query and fragment, as in http://127.0.0.1:4318';
const ZONE_ERROR = 'must be an IANA time zone, as in Asia/Shanghai';

/** Addresses, and ranges of them; in the environment with commas between them. */
const addressList = z
  .union([z.string().transform((text) => text.split(',').map((entry) => entry.trim())), z.array(z.string())])
  .refine((entries) => entries.every((entry) => parseIpRange(entry) !== undefined), {
    error: 'must be IP addresses or ranges of them, as in 10.0.0.0/8',
  });

const settingsSchema = z.strictObject({
  /** The data folder. */
  data: z.string().min(1).default('./stocktake-data'),
  host: z.string().min(1).default('127.0.0.1'),
  port: z.coerce.number().int().min(0).max(65_535).default(9300),
  /** `bucket.<domain>` is virtual-hosted. */
  domain: z.string().min(1).default('localhost'),
  /** The served regions; the first is the default of a new bucket. */
  region: z
    .union([z.string(), z.array(z.string())])
    .default('cn-hangzhou')
    .transform((value) => (typeof value === 'string' ? value.split(',') : value).map((name) => name.trim()))
    .pipe(z.tuple([z.string()], z.string()))
    .refine((names) => names.every((name) => /^[a-z0-9][a-z0-9-]{0,62}$/.test(name)), {
      error: 'must be region names as in cn-hangzhou, without "oss-"',
    }),
  accountId: z
    .union([z.string(), z.number()])
    .refine((value) => typeof value === 'string' || Number.isSafeInteger(value), {
      error: 'is a number that YAML rounds; put its digits in quotes',
      abort: true,
    })
    .transform(String)
    .pipe(z.string().regex(/^\d{1,20}$/, { error: 'must be 1 to 20 digits' }))
    .default('1000000000000000'),
  /** The root key; generated and kept in the data folder when absent. */
  accessKeyId: z.string().min(1).optional(),
  accessKeySecret: z.string().min(1).optional(),
  /** Holds the key that seals all others; `encryption-key.json` in the data folder when absent. */
  keyFile: z.string().min(1).optional(),
  /** The certificate to serve TLS with, and its private key: PEM files, both or neither. */
  tlsCert: z.string().min(1).optional(),
  tlsKey: z.string().min(1).optional(),
  /** Proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed: addresses, and ranges of them. */
  trustedProxies: addressList.default([]),
  /** Private addresses, and ranges of them, that webhooks of every account may reach. */
  webhookNetworks: addressList.default([]),
  /** Off, no rule keeps `latest.json` beside its reports. */
  latestFile: z.boolean().default(true),
  /** Off, rules and objects can't use SSE-KMS. */
  keyService: z.boolean().default(true),
  /** Where management actions and refusals are told; `audit.jsonl` in the data folder when absent, nowhere when false. */
  auditLog: z.union([z.string().min(1), z.literal(false)], { error: 'must be a file, or false' }).optional(),
  clock: z.enum(CLOCK_KINDS, { error: 'must be system or virtual' }).default('system'),
  scheduleTime: z
    .string()
    .regex(/^([01]\d|2[0-3]):[0-5]\d$/, { error: 'must be a time of day as in 00:00' })
    .default('00:00'),
  scheduleZone: z.string().refine(isZone, { error: ZONE_ERROR }).default('Asia/Shanghai'),
  /** Lets whoever sends it as `Authorization: Bearer` read the metrics from elsewhere than this machine. */
  metricsToken: z
    .string()
    .regex(/^[A-Za-z0-9._~+/-]{16,256}=*$/, { error: 'must be 16 to 256 letters, digits and . _ ~ + / -' })
    .optional(),
  /** Where traces are sent: an OTLP/HTTP collector. */
  traceEndpoint: z.string().refine(isPlainUrl, { error: TRACE_ENDPOINT_ERROR }).optional(),
  limits: z
    .strictObject({
      rulesPerBucket: z.number().int().min(1).default(1000),
      dailyObjects: z.number().int().min(1).default(10_000_000_000),
      weeklyObjects: z.number().int().min(1).default(50_000_000_000),
      /** Runs at once. */
      runs: z.number().int().min(1).max(64).default(4),
      /** Threads that scan, for all runs together; 0 is one for each core. */
      scanThreads: z.number().int().min(0).max(256).default(0),
      /** Runs of a rule that are remembered, and for how many days those of a rule that is gone. */
      runsPerRule: z.number().int().min(10).max(100_000).default(1000),
      goneRuleDays: z.number().int().min(1).max(3650).default(30),
      /** Rules that have metrics of their own. */
      metricRules: z.number().int().min(0).max(10_000).default(1000),
      /** From so many bytes on the audit log becomes another file, and so many full ones are kept. */
      auditBytes: z.number().int().min(65_536).default(67_108_864),
      auditFiles: z.number().int().min(1).max(1000).default(5),
      /** Refusals that are written in a minute, of each identity and of all others together; the rest are counted. */
      auditRefusals: z.number().int().min(1).default(100),
    })
    .prefault({}),
  /** Off, the inventory operations are refused (EC 0020-00000001); runs that were made before go on. */
  inventory: z.boolean().default(true),
  /** Refuse rules with IncludedObjectVersions=All on buckets without versioning (EC 0020-00000045). */
  allNeedsVersioning: z.boolean().default(false),
});

export type Settings = z.infer<typeof settingsSchema> & { readonly keyFile: string; readonly auditLog: string | false };

/** What flags may set; a property that is undefined was not given. */
export type SettingFlags = { readonly [Name in keyof Settings]?: unknown } & { readonly config?: string | undefined };

/** A setting that can't be: what is wrong, and where it was set. */
export class ConfigurationError extends Error {}

const ENVIRONMENT = {
  data: 'STOCKTAKE_DATA',
  host: 'STOCKTAKE_HOST',
  port: 'STOCKTAKE_PORT',
  domain: 'STOCKTAKE_DOMAIN',
  region: 'STOCKTAKE_REGION',
  accountId: 'STOCKTAKE_ACCOUNT_ID',
  accessKeyId: 'STOCKTAKE_ACCESS_KEY_ID',
  accessKeySecret: 'STOCKTAKE_ACCESS_KEY_SECRET',
  keyFile: 'STOCKTAKE_KEY_FILE',
  tlsCert: 'STOCKTAKE_TLS_CERT',
  tlsKey: 'STOCKTAKE_TLS_KEY',
  trustedProxies: 'STOCKTAKE_TRUSTED_PROXIES',
  webhookNetworks: 'STOCKTAKE_WEBHOOK_NETWORKS',
  auditLog: 'STOCKTAKE_AUDIT_LOG',
  clock: 'STOCKTAKE_CLOCK',
  scheduleTime: 'STOCKTAKE_SCHEDULE_TIME',
  scheduleZone: 'STOCKTAKE_SCHEDULE_ZONE',
  metricsToken: 'STOCKTAKE_METRICS_TOKEN',
  traceEndpoint: 'STOCKTAKE_TRACE_ENDPOINT',
} as const satisfies Partial<Record<keyof Settings, string>>;

/** In the file settings have the names that they have here, as in `accessKeyId: me`. */
export function loadSettings(flags: SettingFlags = {}, environment: NodeJS.ProcessEnv = process.env): Settings {
  const { config, ...given } = flags;
  const merged = {
    ...(config === undefined ? {} : readConfigFile(config)),
    ...fromEnvironment(environment),
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
  };
  const result = settingsSchema.safeParse(merged);
  if (!result.success) throw new ConfigurationError(describe(result.error));
  if ((result.data.accessKeyId === undefined) !== (result.data.accessKeySecret === undefined)) {
    throw new ConfigurationError('The access key id and its secret are set together, or neither of them.');
  }
  if ((result.data.tlsCert === undefined) !== (result.data.tlsKey === undefined)) {
    throw new ConfigurationError(
      'The TLS certificate and its key (tlsCert, tlsKey) are set together, or neither of them.',
    );
  }
  const data = path.resolve(result.data.data);
  const keyFile = path.resolve(result.data.keyFile ?? path.join(data, 'encryption-key.json'));
  const auditLog = result.data.auditLog ?? path.join(data, 'audit.jsonl');
  return { ...result.data, data, keyFile, auditLog: auditLog === false ? false : path.resolve(auditLog) };
}

/** How the command line reaches a server. */
export interface ClientSettings {
  readonly endpoint: string;
  readonly accessKeyId: string | undefined;
  readonly accessKeySecret: string | undefined;
  /** Of temporary credentials, which are a key and this. */
  readonly securityToken?: string | undefined;
  readonly region: string;
  readonly accountId: string;
  /** Where a local server keeps its data, and with it the root key. */
  readonly data: string;
  /** A PEM file with the authorities that vouch for the server, when it isn't one that the machine knows. */
  readonly ca?: string | undefined;
}

export function loadClientSettings(
  flags: {
    readonly endpoint?: string | undefined;
    readonly data?: string | undefined;
    readonly ca?: string | undefined;
  },
  environment: NodeJS.ProcessEnv = process.env,
): ClientSettings {
  const settings = loadSettings(flags.data === undefined ? {} : { data: flags.data }, environment);
  return {
    endpoint: flags.endpoint ?? (environment.STOCKTAKE_ENDPOINT || 'http://127.0.0.1:9300'),
    accessKeyId: settings.accessKeyId,
    accessKeySecret: settings.accessKeySecret,
    securityToken: environment.STOCKTAKE_SECURITY_TOKEN || undefined,
    region: settings.region[0],
    accountId: settings.accountId,
    data: settings.data,
    ca: flags.ca ?? (environment.STOCKTAKE_CA || undefined),
  };
}

function fromEnvironment(environment: NodeJS.ProcessEnv): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [name, variable] of Object.entries(ENVIRONMENT)) {
    const value = environment[variable];
    if (value !== undefined && value !== '') found[name] = value;
  }
  // Other programs read it too, and some of them more into it: what is no use here must not keep a command from running.
  const collector = environment.OTEL_EXPORTER_OTLP_ENDPOINT;
  if (collector !== undefined && isPlainUrl(collector)) found.traceEndpoint ??= collector;
  return found;
}

function readConfigFile(file: string): Record<string, unknown> {
  let document: unknown;
  try {
    document = parseYaml(readFileSync(file, 'utf8'));
  } catch (error) {
    const why = (error as Error).message;
    throw new ConfigurationError(`The configuration file "${file}" can't be read: ${why}`, { cause: error });
  }
  if (document === null || document === undefined) return {};
  if (typeof document !== 'object' || Array.isArray(document)) {
    throw new ConfigurationError(`The configuration file "${file}" must hold settings as "name: value".`);
  }
  return document as Record<string, unknown>;
}

function describe(error: z.ZodError): string {
  const lines = error.issues.map((issue) => {
    const name = issue.path.join('.') || 'settings';
    const variable = (ENVIRONMENT as Record<string, string>)[name];
    return `  ${name}${variable === undefined ? '' : ` (${variable})`}: ${issue.message}`;
  });
  return `The configuration isn't right:\n${lines.join('\n')}`;
}

/** Whatever else a URL may hold would end up in the log, or be lost where a path is put behind it. */
function isPlainUrl(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || !['http:', 'https:'].includes(url.protocol)) return false;
  return `${url.username}${url.password}${url.search}${url.hash}` === '';
}

/** Abbreviations that `Intl` knows besides the zones; each stands for several, depending on who says it. */
const ABBREVIATIONS =
  /^(ACT|AET|AGT|ART|AST|BET|BST|CAT|CNT|CST|CTT|EAT|ECT|IET|IST|JST|MIT|NET|NST|PLT|PNT|PRT|PST|SST|VST)$/i;

function isZone(name: string): boolean {
  if (ABBREVIATIONS.test(name)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false; // The constructor's way of saying that it doesn't know the zone.
  }
}
