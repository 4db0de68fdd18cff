/** A VM to be created. */
export interface CreateRequest {
  readonly name: string;
  readonly profile: string;
  /** `name=value`, overriding the profile's. */
  readonly args: readonly string[];
  readonly define: boolean;
  readonly start: boolean;
  /** From the header Idempotency-Key: the same key and request gives the same task, another request 'conflict'. */
  readonly idempotencyKey: string | null;
}
