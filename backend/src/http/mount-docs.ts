import { Router } from 'express';
import helmet from 'helmet';
import { nameRoute } from './middleware/access-log.js';
import { requireAccess } from './middleware/authenticate.js';
import { openApiDocument } from './openapi.js';
import type { Route } from './route.js';

/** Swagger UI's page has inline styles and draws its icons from data URLs; scripts still come from us alone. */
const docsPolicy = helmet.contentSecurityPolicy({
  useDefaults: false,
  directives: {
    defaultSrc: ["'self'"],
    styleSrc: ["'self'", "'unsafe-inline'"],
    imgSrc: ["'self'", 'data:'],
    frameAncestors: ["'none'"],
  },
});

/** What this is and where to go, for whoever opens the address; nothing that a stranger must not know. */
const SIGNPOST = {
  success: true,
  name: 'Sentinela',
  description: 'A WhatsApp gateway. This is its HTTP API.',
  documentation: '/docs',
  openapi: '/openapi.json',
  health: '/health/ready',
};

/** `/` (a signpost), `/openapi.json`, and the same as a page at `/docs` that needs no network but ours. Made when somebody first asks. */
export function mountDocs(routes: Route[]): Router {
  const document = once(() => openApiDocument(routes));
  const page = once(() => docsPage(document()));
  const router = Router();
  router.get('/', nameRoute('/'), (_req, res) => {
    res.json(SIGNPOST);
  });
  router.get('/openapi.json', nameRoute('/openapi.json'), requireAccess('docs'), (_req, res) => {
    res.json(document());
  });
  router.use('/docs', nameRoute('/docs'), requireAccess('docs'), docsPolicy, async (req, res, next) => {
    (await page())(req, res, next);
  });
  return router;
}

/** Loaded with the first look: it brings an Express of its own along. */
async function docsPage(document: object): Promise<Router> {
  const { default: swaggerUi } = await import('swagger-ui-express');
  return Router().use(swaggerUi.serve, swaggerUi.setup(document, { customSiteTitle: 'Sentinela' }));
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | null = null;
  return () => (made ??= { value: make() }).value;
}
