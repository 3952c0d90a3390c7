//! The peer workerd: JavaScript in isolates of V8.

use std::path::Path;

use crate::process::{Server, free_port};

const HELLO: &str = r#"export default {
  async fetch() { return new Response("Hello, world!\n"); },
};
"#;

/// Makes a fresh isolate for each request, by its loader of workers.
const LOADER: &str = r#"let count = 0;
export default {
  async fetch(request, env) {
    const worker = env.LOADER.get("isolate-" + count++, () => ({
      compatibilityDate: "2025-06-01",
      mainModule: "hello.js",
      modules: { "hello.js": HELLO },
    }));
    return worker.getEntrypoint().fetch(request);
  },
};
"#;

/// Serves hello; with `fresh`, in a new isolate for each request.
pub fn up(program: &Path, folder: &Path, fresh: bool) -> Result<Server, String> {
    let port = free_port()?;
    let quoted = format!("const HELLO = {};\n", serde_json::Value::from(HELLO));
    let (script, bindings) = match fresh {
        true => (quoted + LOADER, r#"bindings = [(name = "LOADER", workerLoader = ())],"#),
        false => (HELLO.to_string(), ""),
    };
    let config = format!(
        r#"using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .main)],
  sockets = [(name = "http", address = "127.0.0.1:{port}", http = (), service = "main")],
);
const main :Workerd.Worker = (
  modules = [(name = "main.js", esModule = embed "main.js")],
  {bindings}
  compatibilityDate = "2025-06-01",
);
"#
    );
    let place = folder.join(if fresh { "fresh" } else { "steady" });
    let write = |name: &str, text: &str| {
        std::fs::create_dir_all(&place)
            .and_then(|()| std::fs::write(place.join(name), text))
            .map_err(|error| format!("{}: {error}", place.display()))
    };
    write("main.js", &script)?;
    write("config.capnp", &config)?;
    let config = place.join("config.capnp").display().to_string();
    Server::start(program, &["serve", "--experimental", &config], port, "/")
}
