import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import isNumber from "is-number";

if (!isNumber(1)) throw new Error("is-number is broken");
mkdirSync("dist", { recursive: true });
writeFileSync("dist/index.html", readFileSync("src/index.html", "utf8").replace("@BUILT@", "built by npm"));
