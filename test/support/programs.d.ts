/** The first of these programs that can be run: commands on PATH, best first, then paths. */
export function findProgram(commands: readonly string[], places?: readonly string[]): string | undefined;

export function isExecutable(path: string): boolean;
