import { labels } from '@ampoule/platform-api/constants';
import type { Cache } from '@ampoule/platform-api/kube/cache';
import { keyOf, type RawObject, splitKey } from '@ampoule/platform-api/kube/resources';
import { projectSpecSchema } from '@ampoule/platform-api/project';
import { demandOf, type Running } from './demand.ts';
import type { ParsedFunctions } from './parsed-functions.ts';
import { share } from './share.ts';

export interface ProjectCapsOptions {
  functions: Cache<RawObject>;
  projects: Cache<RawObject>;
  parsed: ParsedFunctions;
  runningOf: (key: string) => Running;
}

export interface Share {
  /** How many replicas the function may have. */
  allowed: number;
  /** What it is told where it needs more; empty otherwise. */
  notice: string;
}

const UNBOUNDED: Share = { allowed: Number.POSITIVE_INFINITY, notice: '' };

/** Shares out what projects with `maxReplicas` let their functions have. */
export class ProjectCaps {
  readonly #options: ProjectCapsOptions;
  #shares = new Map<string, Share>();

  constructor(options: ProjectCapsOptions) {
    this.#options = options;
  }

  /** A function that came since shares were made last has them made anew. */
  shareOf(object: RawObject): Share {
    const project = projectKeyOf(object);
    if (this.#capOf(project) === undefined) return UNBOUNDED;
    const known = this.#shares.get(keyOf(object));
    if (known !== undefined) return known;
    const { functions } = this.#options;
    this.#shareOut(
      project,
      functions.list().filter((one) => projectKeyOf(one) === project),
    );
    return this.#shares.get(keyOf(object)) ?? UNBOUNDED;
  }

  /** Makes all shares anew. */
  look(): void {
    this.#shares = new Map();
    for (const [project, objects] of Map.groupBy(this.#options.functions.list(), projectKeyOf)) this.#shareOut(project, objects);
  }

  #shareOut(project: string, objects: readonly RawObject[]): void {
    const cap = this.#capOf(project);
    if (cap === undefined) return;
    const { parsed, runningOf } = this.#options;
    const demands = objects.map((object) => demandOf(keyOf(object), parsed.of(object), runningOf(keyOf(object))));
    const shares = share(cap, demands);
    for (const { key, wanted } of demands) {
      // One that wakes up, or is new, does not wait for the next look.
      const allowed = Math.max(shares.get(key) ?? 0, 1);
      const notice =
        allowed < wanted
          ? `Project ${splitKey(project).name} has at most ${cap} replicas and lets this function have ${allowed}, which needs more`
          : '';
      this.#shares.set(key, { allowed, notice });
    }
  }

  #capOf(project: string): number | undefined {
    return projectSpecSchema.safeParse(this.#options.projects.get(project)?.spec ?? {}).data?.maxReplicas ?? undefined;
  }
}

function projectKeyOf({ metadata }: RawObject): string {
  return `${metadata?.namespace}/${metadata?.labels?.[labels.project] ?? ''}`;
}
