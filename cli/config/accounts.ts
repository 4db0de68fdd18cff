import { z } from 'zod';
import { Address, numeric } from './values.ts';

/** Text, or several as a list. */
const OneOrMore = (one: z.ZodType<string>) =>
  z.union([one.transform((value) => [value]), z.array(one).min(1, 'must name at least one')], {
    error: 'must be a text, or a list of texts',
  });

const Text = z.string().min(1, 'must not be empty');

/** A name or a number of an attribute (RFC 4512). */
const Attribute = z
  .string()
  .regex(/^([A-Za-z][A-Za-z0-9-]*|\d+(\.\d+)+)$/, 'is no name of an LDAP attribute, such as uid');

const Seconds = numeric(z.number().positive().max(60));

const Ldap = z
  .strictObject({
    host: Address,
    /** Default: 389; 636 with ldaps. */
    port: numeric(z.number().int().min(1).max(65_535)).optional(),
    base: OneOrMore(Text),
    user_object: OneOrMore(Attribute).prefault('uid'),
    encryption: z.enum(['start_tls', 'ldaps', 'none']).default('start_tls'),
    ca_file: Text.optional(),
    bind_dn: Text.optional(),
    bind_password: Text.optional(),
    filter: Text.optional(),
    connect_timeout: Seconds.default(5),
    answer_timeout: Seconds.default(10),
  })
  .superRefine((ldap, context) => {
    const needs = (key: 'bind_dn' | 'bind_password' | 'filter', other: 'bind_dn' | 'bind_password'): void => {
      if (ldap[key] === undefined || ldap[other] !== undefined) return;
      context.addIssue({ code: 'custom', path: [other], message: `is needed with ${key}` });
    };
    needs('bind_dn', 'bind_password');
    needs('bind_password', 'bind_dn');
    needs('filter', 'bind_dn');
    if (ldap.encryption === 'none' && ldap.ca_file !== undefined) {
      context.addIssue({ code: 'custom', path: ['ca_file'], message: 'means nothing with encryption: none' });
    }
  });

/** Who may log in with a name and a password. */
export const Accounts = z
  .strictObject({
    provider: z.enum(['none', 'users', 'ldap', 'dummy']).default('none'),
    ldap: Ldap.optional(),
    admins: z.array(Text).default([]),
  })
  .superRefine(({ provider, ldap }, context) => {
    if (provider === 'ldap' && ldap === undefined) {
      context.addIssue({ code: 'custom', path: ['ldap'], message: 'is needed when accounts.provider is ldap' });
    }
  });
