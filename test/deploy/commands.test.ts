import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { ConfigSchema } from '../../cli/config/schema.ts';
import { program } from '../../cli/program.ts';

const ROOT = join(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

/** Words after `slipway` that its command line does not take: a command or an option that there is not. */
function unknownWords(words: readonly string[]): readonly string[] {
  const [name, ...rest] = words;
  const command = program().commands.find((one) => one.name() === name);
  if (!command) return [`${name}`];
  const options = new Map(command.options.map((option) => [option.long, option]));
  const unknown: string[] = [];
  for (let index = 0; index < rest.length; index += 1) {
    const option = options.get(rest[index] ?? '');
    if (!option) unknown.push(`${rest[index]}`);
    else if (option.required) index += 1;
  }
  return unknown;
}

describe('the command line that deployments name', () => {
  it.each([
    [['api', '--data', '/x'], []],
    [['apy'], ['apy']],
    [
      ['api', '--dada', '/x'],
      ['--dada', '/x'],
    ],
  ])('is told from one that there is not: %j', (words, unknown) => expect(unknownWords(words)).toEqual(unknown));

  it.each(['api', 'control', 'node'])('is there in the unit of slipway %s', (name) => {
    const [, line = ''] =
      /^ExecStart=\/usr\/bin\/slipway (.*)$/m.exec(read(`deploy/systemd/slipway-${name}.service`)) ?? [];
    expect(line.split(' ')[0]).toBe(name);
    expect(unknownWords(line.split(' '))).toEqual([]);
  });

  it('is there in the image', () => {
    const dockerfile = read('Dockerfile');
    const [, list = '[]'] = /^CMD (\[.*\])$/m.exec(dockerfile) ?? [];
    expect(unknownWords(JSON.parse(list))).toEqual([]);
    expect(JSON.parse(list)[0]).toBe('api');
    expect(dockerfile).toContain('ENTRYPOINT ["/usr/bin/slipway"]');
  });
});

const Health = z.object({ test: z.array(z.string()).min(2) });
const Service = z.object({
  image: z.string(),
  command: z.array(z.string()).optional(),
  network_mode: z.string().optional(),
  environment: z.record(z.string(), z.string()).default({}),
  ports: z.array(z.string().regex(/^127\.0\.0\.1:\d+:\d+$/, 'is not on the loopback interface')).default([]),
  volumes: z.array(z.string()).default([]),
  depends_on: z
    .record(z.string(), z.object({ condition: z.enum(['service_healthy', 'service_completed_successfully']) }))
    .default({}),
  healthcheck: Health.optional(),
});
const Compose = z.object({ services: z.record(z.string(), Service), volumes: z.record(z.string(), z.null()) });

describe('docker-compose.yml', () => {
  const { services, volumes } = Compose.parse(parse(read('docker-compose.yml'), { merge: true }));

  it('runs the images that were chosen', () => {
    const names = Object.entries(services).map(([name, { image }]) => [name, image.split(':')[0]]);
    expect(Object.fromEntries(names)).toEqual({
      postgresql: 'postgres',
      temporal: 'temporalio/auto-setup',
      'temporal-ui': 'temporalio/ui',
      api: 'slipway',
      control: 'slipway',
      data: 'slipway',
    });
  });

  it.each(['api', 'control'])('gives %s a command line that there is, and the data directory that it names', (name) => {
    const { command = [], volumes: mounts } = services[name]!;
    expect(command[0]).toBe(name);
    expect(unknownWords(command)).toEqual([]);
    const [data = ''] = command.slice(command.indexOf('--data') + 1);
    expect(
      mounts.map((mount) =>
        mount.split(':').slice(-1)[0] === 'ro' ? mount.split(':').at(-2) : mount.split(':').at(-1),
      ),
    ).toEqual([data, '/etc/slipway']);
  });

  it('waits for services that there are and that say when they are well', () => {
    const awaited = Object.values(services).flatMap((service) => Object.keys(service.depends_on));
    expect(awaited).toContain('temporal');
    for (const name of awaited.filter((one) => one !== 'data')) expect(services[name]?.healthcheck, name).toBeDefined();
  });

  it('leads everybody to the Temporal that it runs: by its name, or from the host by the port that it publishes', () => {
    const published = services.temporal!.ports.map((port) => port.split(':').slice(0, 2).join(':'));
    for (const name of ['api', 'control', 'temporal-ui']) {
      const { environment, network_mode: mode } = services[name]!;
      expect([environment.TEMPORAL_ADDRESS], name).toEqual(mode === 'host' ? published : ['temporal:7233']);
    }
  });

  it('asks the API for its health where that listens', () => {
    const { listen_port: port } = ConfigSchema.parse({}).api;
    expect(services.api!.healthcheck!.test.join(' ')).toContain(`http://127.0.0.1:${port}/readyz`);
  });

  it('declares the volumes that it names', () => {
    const named = Object.values(services).flatMap((service) =>
      service.volumes.map((mount) => mount.split(':')[0] ?? '').filter((source) => /^\w+$/.test(source)),
    );
    expect(Object.keys(volumes)).toEqual(named);
  });
});
