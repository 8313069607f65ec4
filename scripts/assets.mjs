// Brings the browser libraries of package-lock.json into collab/web/static/vendor/, named by content.
//
//   node scripts/assets.mjs           does nothing (in milliseconds) when the lock has not changed
//   node scripts/assets.mjs --force   copies again
//
// The folder is git-ignored. manifest.json there maps a short name to the file served under it.
import { createHash } from "node:crypto";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");
const MODULES = join(ROOT, "node_modules");
const VENDOR = join(ROOT, "collab", "web", "static", "vendor");

// short name -> [package, file in the package]
const FILES = {
  "bootstrap-css": ["bootstrap", "dist/css/bootstrap.min.css"],
  "bootstrap-js": ["bootstrap", "dist/js/bootstrap.bundle.min.js"],
  htmx: ["htmx.org", "dist/htmx.min.js"],
  alpine: ["@alpinejs/csp", "dist/cdn.min.js"],
  echarts: ["echarts", "dist/echarts.min.js"],
  "swagger-ui-css": ["swagger-ui-dist", "swagger-ui.css"],
  "swagger-ui-js": ["swagger-ui-dist", "swagger-ui-bundle.js"],
};

const sha = (data) => createHash("sha256").update(data).digest("hex");
const json = (path) => JSON.parse(readFileSync(path, "utf8"));

/** What the vendor folder depends on: the lock and this script. */
function stamp() {
  return sha(readFileSync(join(ROOT, "package-lock.json")) + readFileSync(fileURLToPath(import.meta.url)));
}

/** Whether the vendor folder was made from exactly this lock and every file is still whole. */
function isCurrent(wanted) {
  const path = join(VENDOR, "manifest.json");
  if (!existsSync(path)) return false;
  try {
    const { stamp: made, files, sizes } = json(path);
    return made === wanted && Object.keys(FILES).every((name) => {
      const file = join(VENDOR, files[name]);
      return existsSync(file) && statSync(file).size === sizes[name];
    });
  } catch {
    return false; // a broken manifest is as good as none
  }
}

/** Whether node_modules holds the versions the lock names. */
function isInstalled(lock) {
  const served = Object.values(FILES).map(([name]) => name);
  const tested = Object.keys(lock.packages[""].devDependencies ?? {});
  return [...served, ...tested].every((name) => {
    const path = join(MODULES, name, "package.json");
    return existsSync(path) && json(path).version === lock.packages[`node_modules/${name}`].version;
  });
}

function install() {
  const npm = process.platform === "win32" ? "npm.cmd" : "npm";
  const done = spawnSync(npm, ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], {
    cwd: ROOT,
    stdio: ["ignore", "inherit", "inherit"],
    shell: process.platform === "win32",
  });
  if (done.status !== 0) {
    console.error("npm ci failed; the browser libraries were left as they were");
    process.exit(done.status ?? 1);
  }
}

/** Reads one library file without its source-map hint, which would only make a 404. */
function read(name, file) {
  const text = readFileSync(join(MODULES, name, file), "utf8");
  return Buffer.from(text.replace(/\n?(\/\*|\/\/)# sourceMappingURL=[^\n]*\n?$/, "\n"), "utf8");
}

function copy(wanted, lock) {
  const fresh = join(MODULES, ".vendor-new"); // same disk, git-ignored: the swap is one rename
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(join(fresh, "licenses"), { recursive: true });
  const manifest = { stamp: wanted, files: {}, sizes: {}, versions: {} };
  for (const [short, [name, file]] of Object.entries(FILES)) {
    const data = read(name, file);
    const served = `${short}.${sha(data).slice(0, 12)}${file.endsWith(".css") ? ".css" : ".js"}`;
    writeFileSync(join(fresh, served), data);
    manifest.files[short] = served;
    manifest.sizes[short] = data.length;
    manifest.versions[name] = lock.packages[`node_modules/${name}`].version;
    for (const text of ["LICENSE", "NOTICE"]) {
      const from = join(MODULES, name, text);
      if (existsSync(from)) {
        writeFileSync(join(fresh, "licenses", `${name.replace(/[@/]/g, "_")}.${text}.txt`), readFileSync(from));
      }
    }
  }
  writeFileSync(join(fresh, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  rmSync(VENDOR, { recursive: true, force: true });
  mkdirSync(dirname(VENDOR), { recursive: true });
  renameSync(fresh, VENDOR);
  return Object.values(manifest.sizes).reduce((sum, size) => sum + size, 0);
}

const wanted = stamp();
if (!process.argv.includes("--force") && isCurrent(wanted)) {
  console.error("browser libraries: up to date");
} else {
  const lock = json(join(ROOT, "package-lock.json"));
  if (!isInstalled(lock)) install();
  const bytes = copy(wanted, lock);
  console.error(`browser libraries: ${Object.keys(FILES).length} files, ${(bytes / 1e6).toFixed(1)} MB`);
}
