import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const root = fileURLToPath(new URL('..', import.meta.url));
// The packages see each other's sources, so that no test needs a build (see CONTRIBUTING.md).
const conditions = ['@zerocask/source', 'module', 'node', 'development|production'];
const shared = { resolve: { conditions }, ssr: { resolve: { conditions } } };
const project = (name: string, testTimeout: number) => ({
  ...shared,
  test: {
    name,
    root,
    include: [`test/${name}/**/*.test.ts`],
    testTimeout,
    hookTimeout: 60_000,
    env: { FORCE_COLOR: '0' },
  },
});

export default defineConfig({
  root,
  test: {
    projects: [
      project('engine', 60_000),
      project('redis-compat', 60_000),
      project('course', 60_000),
      project('repo', 60_000),
    ],
    pool: 'threads',
    maxWorkers: 2,
  },
});
