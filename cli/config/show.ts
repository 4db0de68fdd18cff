import type { Config } from './schema.ts';

const MASK = '********';

/** The configuration as it applies, with every secret masked. */
export function masked(config: Config): Config {
  const { authentication } = config.api;
  const { ldap } = config.accounts;
  return {
    ...config,
    api: {
      ...config.api,
      authentication: {
        ...authentication,
        ...(authentication.secret_key === undefined ? {} : { secret_key: MASK }),
        tokens: authentication.tokens.map((one) => ({ ...one, token: MASK })),
      },
    },
    accounts: {
      ...config.accounts,
      ...(ldap?.bind_password === undefined ? {} : { ldap: { ...ldap, bind_password: MASK } }),
    },
  };
}
