import { type Client, type Connection, isGrpcServiceError } from '@temporalio/client';
import proto from '@temporalio/proto';
import { unavailable } from '../../domain/fault.ts';
import { SEARCH_ATTRIBUTES } from '../../domain/queues.ts';

// CommonJS whose names Node cannot see.
const { INDEXED_VALUE_TYPE_KEYWORD } = proto.temporal.api.enums.v1.IndexedValueType;

/** gRPC's code. */
const NOT_FOUND = 5;

/** Those of ours that the namespace lacks; 'unavailable' with the way out if there is no such namespace. */
export async function missingSearchAttributes(client: Client): Promise<readonly string[]> {
  const { namespace } = client.options;
  const { customAttributes } = await operator(client)
    .listSearchAttributes({ namespace })
    .catch((cause: unknown) => {
      if (!isGrpcServiceError(cause) || cause.code !== NOT_FOUND) throw cause;
      const why = `Temporal has no namespace '${namespace}' (temporal.namespace): temporal operator namespace create --namespace ${namespace}`;
      throw unavailable(why, cause);
    });
  return SEARCH_ATTRIBUTES.filter((name) => !(name in (customAttributes ?? {})));
}

/** Registers the search attributes that a namespace lacks; says how to do it by hand if this client may not. */
export async function ensureSearchAttributes(client: Client): Promise<void> {
  const { namespace } = client.options;
  const missing = await missingSearchAttributes(client);
  if (missing.length === 0) return;
  const searchAttributes = Object.fromEntries(missing.map((name) => [name, INDEXED_VALUE_TYPE_KEYWORD]));
  await operator(client)
    .addSearchAttributes({ namespace, searchAttributes })
    .catch((cause: unknown) => {
      const byHand = missing.map((name) => `--name ${name} --type Keyword`).join(' ');
      const why = `Temporal's namespace '${namespace}' lacks search attributes: temporal operator search-attribute create --namespace ${namespace} ${byHand}`;
      throw unavailable(why, cause);
    });
}

const operator = (client: Client) => (client.connection as Connection).operatorService;
