import { extendZodWithOpenApi } from '@asteasolutions/zod-to-openapi';
import { z } from 'zod';

// Adds `.openapi()` to every schema, once, before the first one is made.
extendZodWithOpenApi(z);

export { z };
