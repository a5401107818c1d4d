import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

const policy = (name) => `[ca]
default_ca = here
[here]
database = index
serial = serial
new_certs_dir = .
default_md = sha256
policy = any
x509_extensions = server
[any]
commonName = supplied
[server]
basicConstraints = CA:FALSE
subjectAltName = DNS:${name}
`;

/** A certificate of years ago, signed by its own key: the paths of both files. */
export async function expired(folder, name) {
  const openssl = (...args) => run("openssl", args, { cwd: folder });
  await writeFile(path.join(folder, "ca.conf"), policy(name));
  await writeFile(path.join(folder, "index"), "");
  await writeFile(path.join(folder, "serial"), "01\n");
  const key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout old-key.pem";
  await openssl("req", ...key.split(" "), "-subj", `/CN=${name}`, "-out", "old.csr");
  const dates = "-startdate 20200101000000Z -enddate 20200201000000Z".split(" ");
  const files = "-batch -notext -in old.csr -keyfile old-key.pem -out old.pem".split(" ");
  await openssl("ca", "-config", "ca.conf", "-selfsign", ...dates, ...files);
  return ["old.pem", "old-key.pem"].map((file) => path.join(folder, file));
}
