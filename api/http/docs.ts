import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import express, { Router } from 'express';

/** A document to browse: its name and where it is served. */
export interface DocumentLink {
  readonly name: string;
  readonly url: string;
}

/** Swagger UI from its package over our documents; asks nothing of the internet. */
export function docsRouter(documents: readonly DocumentLink[]): Router {
  const assets = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
  const initializer = `window.ui = SwaggerUIBundle(${JSON.stringify({
    urls: documents,
    dom_id: '#swagger-ui',
    deepLinking: true,
    layout: 'StandaloneLayout',
    // Null: the validator badge would ask a server on the internet.
    validatorUrl: null,
  }).replace(/}$/, ',presets:[SwaggerUIBundle.presets.apis,SwaggerUIStandalonePreset]}')});\n`;
  const router = Router();
  router.use((_request, response, next) => {
    response.set(
      'Content-Security-Policy',
      "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'",
    );
    next();
  });
  router.get('/swagger-initializer.js', (_request, response) => {
    response.type('text/javascript').send(initializer);
  });
  router.use(express.static(assets, { index: 'index.html' }));
  return router;
}
