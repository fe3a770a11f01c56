import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exec } from '@ampoule/lib/exec';
import { freePort } from '@ampoule/lib/testing/free-port';
import { type Certificate, makeCertificate } from './certificates.ts';
import { kafkaJars } from './kafka/jars.ts';
import { Program } from './program.ts';

const READY_WITHIN_MS = 60_000;
const FORMAT_TIMEOUT_MS = 60_000;
const CLUSTER_ID = 'YW1wb3VsZS1mb3ItdGVzdA';
const HEAP = ['-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Dorg.apache.logging.log4j.level=WARN'];

/** Who may come in at the address with SASL, by any mechanism with passwords. */
export const kafkaUser = { user: 'alice', password: 'alice-secret' };

/** Who may come in there too, and at the address with SASL and TLS: as at Azure Event Hubs, where the password is a connection string. */
export const eventHubsUser = { namespace: 'test-space', keyName: 'reader', key: 'a-key/with+signs=' };
const CONNECTION_STRING = `Endpoint=sb://${eventHubsUser.namespace}.servicebus.windows.net/;SharedAccessKeyName=${eventHubsUser.keyName};SharedAccessKey=${eventHubsUser.key}`;

/** An Apache Kafka broker (one node, KRaft) on free ports, with data of its own that survives `kill` and `restart`. */
export class Kafka {
  /** Addresses: without anything, with SASL, with TLS, and with both. */
  readonly plain: string;
  readonly sasl: string;
  readonly tls: string;
  readonly saslTls: string;
  /** What the broker shows, and what a client may show at the address with TLS. */
  readonly server: Certificate;
  readonly client: Certificate;
  readonly #folder: string;
  readonly #port: number;
  #program: Program | undefined;

  private constructor(
    folder: string,
    ports: Record<'plain' | 'sasl' | 'tls' | 'saslTls', number>,
    certificates: Record<'server' | 'client', Certificate>,
  ) {
    this.#folder = folder;
    this.#port = ports.plain;
    this.plain = `127.0.0.1:${ports.plain}`;
    this.sasl = `127.0.0.1:${ports.sasl}`;
    this.tls = `localhost:${ports.tls}`;
    this.saslTls = `localhost:${ports.saslTls}`;
    this.server = certificates.server;
    this.client = certificates.client;
  }

  static async start(): Promise<Kafka> {
    const folder = await mkdtemp(join(tmpdir(), 'ampoule-kafka-'));
    const ports = { plain: await freePort(), sasl: await freePort(), tls: await freePort(), saslTls: await freePort() };
    const [server, client] = await Promise.all([makeCertificate('localhost'), makeCertificate('client')]);
    const kafka = new Kafka(folder, ports, { server, client });
    try {
      await writeFile(join(folder, 'server.pem'), server.key + server.certificate, { mode: 0o600 });
      await writeFile(join(folder, 'trusted.pem'), client.certificate);
      const properties = propertiesOf(kafka, folder, await freePort());
      const text = Object.entries(properties).map(([name, value]) => `${name}=${value}\n`);
      await writeFile(join(folder, 'server.properties'), text.join(''), { mode: 0o600 });
      await kafka.#format();
      await kafka.restart();
    } catch (error) {
      await kafka.stop();
      throw error;
    }
    return kafka;
  }

  /** Starts it, after killing it where it runs. */
  async restart(): Promise<void> {
    await this.kill();
    const args = [...(await this.#java()), 'kafka.Kafka', join(this.#folder, 'server.properties')];
    this.#program = await Program.start('java', args, { port: this.#port, readyWithinMs: READY_WITHIN_MS });
  }

  async kill(): Promise<void> {
    await this.#program?.end('SIGKILL');
    this.#program = undefined;
  }

  async stop(): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #format(): Promise<void> {
    const credentials = ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((mechanism) => [
      '--add-scram',
      `${mechanism}=[name=${kafkaUser.user},password=${kafkaUser.password}]`,
    ]);
    const args = ['kafka.tools.StorageTool', 'format', '-t', CLUSTER_ID, '-c', join(this.#folder, 'server.properties'), ...credentials];
    await exec('java', [...(await this.#java()), ...args], { timeoutMs: FORMAT_TIMEOUT_MS });
  }

  async #java(): Promise<string[]> {
    return [...HEAP, '-cp', join(await kafkaJars(), '*')];
  }
}

function propertiesOf(kafka: Kafka, folder: string, controller: number): Record<string, string> {
  const listeners = `PLAIN://${kafka.plain},SASL://${kafka.sasl},TLS://${kafka.tls},SASLTLS://${kafka.saslTls}`;
  const modules = 'org.apache.kafka.common.security';
  const users = `user_${kafkaUser.user}="${kafkaUser.password}" user_$ConnectionString="${CONNECTION_STRING}"`;
  const plainUsers = `${modules}.plain.PlainLoginModule required ${users};`;
  return {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@127.0.0.1:${controller}`,
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAIN',
    listeners: `${listeners},CONTROLLER://127.0.0.1:${controller}`,
    'advertised.listeners': listeners,
    'listener.security.protocol.map': 'PLAIN:PLAINTEXT,SASL:SASL_PLAINTEXT,TLS:SSL,SASLTLS:SASL_SSL,CONTROLLER:PLAINTEXT',
    'log.dirs': join(folder, 'data'),
    'offsets.topic.replication.factor': '1',
    'offsets.topic.num.partitions': '1',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'auto.create.topics.enable': 'false',
    'group.initial.rebalance.delay.ms': '0',
    'group.min.session.timeout.ms': '1000',
    // How long a node that was killed counts as alive, which delays its next start.
    'broker.session.timeout.ms': '1000',
    'broker.heartbeat.interval.ms': '200',
    'log.cleaner.enable': 'false',
    'ssl.client.auth': 'requested',
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.location': join(folder, 'server.pem'),
    'ssl.truststore.type': 'PEM',
    'ssl.truststore.location': join(folder, 'trusted.pem'),
    'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER',
    'listener.name.sasl.plain.sasl.jaas.config': plainUsers,
    'listener.name.sasltls.plain.sasl.jaas.config': plainUsers,
    'listener.name.sasltls.sasl.enabled.mechanisms': 'PLAIN',
    'listener.name.sasl.scram-sha-256.sasl.jaas.config': `${modules}.scram.ScramLoginModule required;`,
    'listener.name.sasl.scram-sha-512.sasl.jaas.config': `${modules}.scram.ScramLoginModule required;`,
    // Tokens without a signature are taken: what is tested is the client.
    'listener.name.sasl.oauthbearer.sasl.jaas.config': `${modules}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";`,
  };
}
