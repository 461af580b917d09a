import { execSync } from "node:child_process";

/** As many of `wanted` as the limit of open files allows, each taking `files` of a process; says so where it is fewer. */
export function withinOpenFiles(wanted, files, what) {
  if (process.platform === "win32") return wanted;
  const limit = execSync("ulimit -n", { shell: "/bin/sh" }).toString().trim();
  const most = limit === "unlimited" ? Infinity : Math.floor((Number(limit) - 500) / files);
  if (most < wanted) console.log(`\nulimit -n is ${limit}: ${most} ${what} instead of ${wanted}`);
  return Math.min(wanted, most);
}
