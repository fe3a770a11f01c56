import type { Printer } from '@ampoule/lib/print';
import type { Command } from 'commander';
import { ApiClient } from '../api-client.ts';
import type { Connection } from '../connection/config-file.ts';
import { type ConnectionFlags, resolveConnection } from '../connection/resolve.ts';
import { readSettings, type Settings } from '../settings.ts';

export interface ShellOptions {
  program: Command;
  /** Asked when a command runs, since flags decide. */
  printer: () => Printer;
  /** How the API of this very host is reached; undefined where there is none. */
  ofHost?: (() => Promise<Connection | undefined>) | undefined;
}

/** What all commands share: where they print, and the API. */
export class Shell {
  readonly #options: ShellOptions;

  constructor(options: ShellOptions) {
    this.#options = options;
  }

  get printer(): Printer {
    return this.#options.printer();
  }

  get isJson(): boolean {
    return this.#options.program.opts<{ json?: boolean }>().json === true;
  }

  get program(): Command {
    return this.#options.program;
  }

  get flags(): ConnectionFlags {
    return this.#options.program.opts<ConnectionFlags>();
  }

  get settings(): Settings {
    return readSettings(process.env);
  }

  /** A command of functions; below the program itself, where users of nuctl look for it, it is not in the list. */
  verb(parent: Command, nameAndArgs: string): Command {
    return parent.command(nameAndArgs, { hidden: parent === this.program });
  }

  /** How people write a command. */
  words(parent: Command, name: string): string {
    return ['ampoule', ...(parent === this.program ? [] : [parent.name()]), name].join(' ');
  }

  /** @throws AMP_CLI_NO_SERVER */
  async connect(): Promise<ApiClient> {
    return new ApiClient(await resolveConnection(this.flags, { settings: this.settings, ofHost: this.#options.ofHost }));
  }
}
