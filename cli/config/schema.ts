import { z } from 'zod';
import { CORE_DEFAULTS } from '../../api/core/parts.ts';
import { Accounts } from './accounts.ts';
import { Address, Flag, Line, numeric, Port } from './values.ts';

/** Text that is meant to be a token or password: never empty, never shown. */
const Secret = Line;

const Token = z.strictObject({
  // PVC's manual: ignored.
  description: Line.default('unnamed'),
  token: Secret,
  role: z.enum(['admin', 'user', 'viewer']).default('admin'),
  tenant: Line.default('default'),
});

/** One text can have one role only. */
function mustDiffer(tokens: readonly { readonly token: string }[], context: z.RefinementCtx): void {
  for (const [index, { token }] of tokens.entries()) {
    const first = tokens.findIndex((one) => one.token === token);
    if (first === index) continue;
    const message = `is the same text as the token of tokens.${first}`;
    context.addIssue({ code: 'custom', path: [index, 'token'], message });
  }
}

const Authentication = z.strictObject({
  enabled: Flag.default(true),
  /** Accepted for PVC's sake: sessions are kept in the store, so nothing is signed with it. */
  secret_key: z.string().optional(),
  tokens: z.array(Token).superRefine(mustDiffer).default([]),
});

const Ssl = z
  .strictObject({ enabled: Flag.default(false), cert_file: z.string().default(''), key_file: z.string().default('') })
  .superRefine((ssl, context) => {
    for (const key of ['cert_file', 'key_file'] as const) {
      if (ssl.enabled && ssl[key] === '') {
        context.addIssue({ code: 'custom', path: [key], message: 'is needed when ssl.enabled is true' });
      }
    }
  });

const Api = z.strictObject({
  listen_address: Address.default('127.0.0.1'),
  listen_port: Port.default(7370),
  authentication: Authentication.prefault({}),
  ssl: Ssl.prefault({}),
  pvc: z.strictObject({ failure_status: z.enum(['manual', 'precise']).default('manual') }).prefault({}),
});

const Metadata = z.strictObject({
  /** Networks lead guests to the loopback interface of their host. */
  listen_address: Address.default('127.0.0.1'),
  listen_port: Port.optional(),
});

/** vmpooler's API alone, without a prefix. */
const Vmpooler = z.strictObject({
  listen_address: Address.optional(),
  listen_port: Port.optional(),
});

export const TemporalAddress = z
  .string()
  .regex(/^(\[[^\]\s]+\]|[^:\s]+):\d{1,5}$/, 'must be HOST:PORT, such as 127.0.0.1:7233');

const Temporal = z.strictObject({
  address: TemporalAddress.optional(),
  namespace: Line.default('default'),
});

const Images = z.strictObject({
  /** Base images that nothing was cloned from for so long are removed. */
  unused_days: numeric(z.number().positive().max(3650)).default(7),
});

const Creations = z.strictObject({
  /** How long a guest is waited for that cloud-init configures. */
  wait_minutes: numeric(z.number().min(0.1).max(1440)).default(CORE_DEFAULTS.waitTimeoutMs / 60_000),
});

const Node = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$/i, 'is no host name')
    .optional(),
  libvirt_uri: z.string().min(1).optional(),
  concurrent_creations: numeric(z.number().int().min(1).max(64)).default(4),
  images_dir: z.string().min(1).optional(),
});

/** A heading with nothing but comments below it, which YAML reads as null, says nothing. */
const section = <Section extends z.ZodType>(schema: Section) =>
  z.preprocess((value) => value ?? {}, schema).prefault({});

/** slipway.yaml. Keys that it does not know are errors, so that a misspelt one is not silently ignored. */
export const ConfigSchema = z.strictObject({
  debug: Flag.default(false),
  data_dir: z.string().min(1).optional(),
  /** Accepted for PVC's sake: every API process is a coordinator here. */
  coordinators: z.array(z.string()).optional(),
  api: section(Api),
  accounts: section(Accounts),
  metadata: section(Metadata),
  vmpooler: section(Vmpooler),
  temporal: section(Temporal),
  base_images: section(Images),
  creations: section(Creations),
  node: section(Node),
});

/** The settings of every process, complete. */
export type Config = z.infer<typeof ConfigSchema>;
