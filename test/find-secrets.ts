/** Looks for secrets in what a test run wrote: as they are, and as they would be encoded. */

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { MIN_SECRET_LENGTH, SECRETS_FILE } from './captured-output.ts';

export interface Secret {
  readonly kind: 'key' | 'token';
  readonly bytes: Buffer;
}

export interface Output {
  /** `server`, `command`, `audit` or `answer`. */
  readonly kind: string;
  readonly name: string;
  /** One character per byte. */
  readonly text: string;
}

export interface Finding {
  readonly output: string;
  readonly what: string;
  /** Where it stands, with a little of what is around it. */
  readonly around: string;
}

export function readRun(folder: string): { readonly outputs: readonly Output[]; readonly secrets: readonly Secret[] } {
  const outputs = readdirSync(folder)
    .filter((name) => name !== SECRETS_FILE)
    .map((name) => ({
      kind: name.split('-', 1)[0] ?? '',
      name,
      text: readFileSync(path.join(folder, name), 'latin1'),
    }));
  const lines = new Set(readFileSync(path.join(folder, SECRETS_FILE), 'latin1').trimEnd().split('\n'));
  const secrets = [...lines].map((line) => {
    const [kind, bytes = ''] = line.split(' ');
    return { kind: kind === 'token' ? 'token' : 'key', bytes: Buffer.from(bytes, 'base64') } as const;
  });
  return { outputs, secrets };
}

/** What proves that somebody signed, however the secret is called: good for a request to whoever reads it. */
const PROOFS: readonly RegExp[] = [
  /\bSignature(?:=|%3D)[\w+/%-]{16,}/i,
  /\bOSS \w+:[\w+/]{27}=/,
  /security-token(?:=|%3D|":")[\w+/%-]{16,}/i,
  /\b(?:StringToSign|SignatureProvided)\b/,
];

export function findSecrets(outputs: readonly Output[], secrets: readonly Secret[]): Finding[] {
  const forms = new FormIndex(secrets);
  return outputs.flatMap(({ kind, name, text }) => {
    const isAnswer = kind === 'answer';
    const found = forms.in(text).filter((hit) => !(isAnswer && hit.secret.kind === 'token'));
    const proofs = isAnswer ? [] : PROOFS.flatMap((proof) => proof.exec(text) ?? []);
    return [
      ...found.map(({ form, at, secret }) => ({
        output: name,
        what: `${secret.kind}, ${form}`,
        around: near(text, at),
      })),
      ...proofs.map((proof) => ({ output: name, what: 'proof', around: near(text, text.indexOf(proof)) })),
    ];
  });
}

function near(text: string, at: number): string {
  return text.slice(Math.max(0, at - 100), at + 100);
}

interface Form {
  readonly form: string;
  readonly text: string;
  readonly secret: Secret;
}

/** So many characters of a form find it: one look at each place of a text, however many secrets there are. */
const HEAD = MIN_SECRET_LENGTH;

class FormIndex {
  readonly #byHead = new Map<string, Form[]>();

  constructor(secrets: readonly Secret[]) {
    for (const form of secrets.flatMap(formsOf)) {
      const head = form.text.slice(0, HEAD);
      this.#byHead.set(head, [...(this.#byHead.get(head) ?? []), form]);
    }
  }

  in(text: string): (Form & { readonly at: number })[] {
    const hits: (Form & { at: number })[] = [];
    for (let at = 0; at + HEAD <= text.length; at++) {
      const forms = this.#byHead.get(text.slice(at, at + HEAD));
      for (const form of forms ?? []) if (text.startsWith(form.text, at)) hits.push({ ...form, at });
    }
    return hits;
  }
}

function formsOf(secret: Secret): Form[] {
  const { bytes } = secret;
  const plain = bytes.toString('latin1');
  const hex = bytes.toString('hex');
  const url = [...bytes].map((byte) => (isBare(byte) ? String.fromCharCode(byte) : `%${hexOf(byte)}`)).join('');
  const texts: Record<string, string> = {
    plain,
    hex,
    'upper-case hex': hex.toUpperCase(),
    'URL-encoded': url,
    JSON: Buffer.from(JSON.stringify(bytes.toString()).slice(1, -1)).toString('latin1'),
  };
  for (const offset of [0, 1, 2]) {
    const base64 = base64At(bytes, offset);
    texts[`base64 at ${offset}`] = base64;
    texts[`base64url at ${offset}`] = base64.replaceAll('+', '-').replaceAll('/', '_');
  }
  const distinct = new Map(Object.entries(texts).map(([form, text]) => [text, form]));
  return [...distinct].map(([text, form]) => ({ form, text, secret }));
}

function isBare(byte: number): boolean {
  return /[\w.~-]/.test(String.fromCharCode(byte));
}

function hexOf(byte: number): string {
  return byte.toString(16).toUpperCase().padStart(2, '0');
}

/** The characters of base64 that these bytes alone decide, when so many others come before them in their group. */
function base64At(bytes: Buffer, offset: number): string {
  const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64');
  return text.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + bytes.length) * 8) / 6));
}
