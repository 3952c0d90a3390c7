//! One round of `swell watch`: what changed since the last is read, built and deployed, and
//! what fails is told and left until it changes again.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use swell_api::flow::FlowSpec;

use crate::building::run;
use crate::client::node::NodeClient;
use crate::deployment::{deploy, deploy_flow, prepare};
use crate::error::Letter;
use crate::manifest::entry::{Build, Entry, Source};
use crate::manifest::file::load;
use crate::redeploy::sources::Sources;
use crate::say::say;

/// A manifest, and what was made of it so far.
pub struct Workshop {
    path: PathBuf,
    node: NodeClient,
    /// The manifest as it was read last, whether it made sense or not.
    read: Option<Sources>,
    folder: PathBuf,
    functions: Vec<Function>,
    /// Flows that are not deployed yet as the manifest has them.
    flows: Vec<FlowSpec>,
}

/// A function of the manifest.
struct Function {
    entry: Entry,
    /// The build that was tried last, and of what.
    built: Option<(Build, Sources)>,
    /// Files that the last build wrote or that changed meanwhile.
    touched: BTreeSet<PathBuf>,
    /// Files below the sources that every build writes.
    outputs: BTreeSet<PathBuf>,
    /// The code that was tried last, and with what.
    tried: Option<(Entry, Sources)>,
}

impl Workshop {
    /// A workshop in which nothing was done yet.
    pub fn new(path: &Path, node: NodeClient) -> Self {
        let (path, folder) = (path.to_path_buf(), PathBuf::new());
        Self { path, node, read: None, folder, functions: Vec::new(), flows: Vec::new() }
    }

    /// Folders in which a change may matter.
    pub fn folders(&self) -> BTreeSet<PathBuf> {
        let mut folders = self.manifest().folders;
        for function in &self.functions {
            folders.extend(code(&function.entry).folders);
            folders.extend(self.sources(function).folders);
        }
        folders
    }

    /// Does what there is to do. Tells whether a file changed meanwhile, so that there may
    /// be more.
    pub fn round(&mut self) -> bool {
        let manifest = self.manifest();
        if self.read.as_ref() != Some(&manifest) {
            self.read = Some(manifest);
            if let Err(letter) = self.reload() {
                letter.print();
                say("waiting for it to be mended; what was there before is still watched");
                return false;
            }
        }
        let mut more = false;
        for place in 0..self.functions.len() {
            let (fine, changed) = self.build(place);
            more |= changed;
            if fine && let Err(letter) = self.deploy(place) {
                say(format!("{}:", self.functions[place].entry.spec.name));
                letter.print();
            }
        }
        // After their functions. One that is refused waits for the next change.
        for flow in std::mem::take(&mut self.flows) {
            if let Err(letter) = deploy_flow(&self.node, &flow) {
                letter.print();
            }
        }
        more
    }

    fn manifest(&self) -> Sources {
        Sources::look(std::slice::from_ref(&self.path))
    }

    /// Reads the manifest; what was made of functions that are still in it is kept.
    fn reload(&mut self) -> Result<(), Letter> {
        let manifest = load(&self.path)?;
        self.folder = manifest.folder;
        self.flows = manifest.flows;
        let mut former: BTreeMap<String, Function> = std::mem::take(&mut self.functions)
            .into_iter()
            .map(|function| (function.entry.spec.name.clone(), function))
            .collect();
        for entry in manifest.entries {
            let known = former.remove(&entry.spec.name);
            self.functions.push(match known {
                Some(known) => Function { entry, ..known },
                None => Function::new(entry),
            });
        }
        for name in former.into_keys() {
            say(format!("{name}: no longer in the manifest; `swell rm {name}` removes it"));
        }
        Ok(())
    }

    /// What a function is built of: not the manifest, nor any code, nor what builds write.
    fn sources(&self, function: &Function) -> Sources {
        let Some(build) = &function.entry.build else { return Sources::default() };
        let named = build.watch.iter().map(|path| self.folder.join(path));
        let paths: Vec<PathBuf> = match build.watch.as_slice() {
            [] => vec![self.folder.clone()],
            _ => named.collect(),
        };
        let mut others = function.outputs.clone();
        others.extend(self.path.file_name().map(|name| self.folder.join(name)));
        others.extend(self.functions.iter().filter_map(|function| file(&function.entry)));
        Sources::look(&paths).without(&others)
    }

    /// Builds what changed. Tells whether the code can be used, and whether a source changed
    /// meanwhile.
    fn build(&mut self, place: usize) -> (bool, bool) {
        let function = &self.functions[place];
        let Some(build) = function.entry.build.clone() else { return (true, false) };
        let before = self.sources(function);
        if function.built.as_ref().is_some_and(|(former, of)| *former == build && *of == before) {
            return (true, false);
        }
        let name = function.entry.spec.name.clone();
        say(format!("{name}: building with `{}`", build.command));
        if before.is_cut {
            say("note: there are very many files; name those that matter in `watch` of the build");
        }
        let result = run(&build.command, &self.folder);
        let touched = before.changed(&self.sources(function));
        let function = &mut self.functions[place];
        // What changes with each build is made by it: it must not ask for the next.
        function.outputs.extend(touched.intersection(&function.touched).cloned());
        let more = !touched.is_subset(&function.outputs);
        let before = before.without(&function.outputs);
        function.built = Some((build, before));
        function.touched = touched;
        match result {
            Ok(()) => (true, more),
            Err(why) => {
                say(format!("{name}: the build failed ({why}); waiting for a change"));
                (false, more)
            }
        }
    }

    /// Deploys what is other than what was tried last.
    fn deploy(&mut self, place: usize) -> Result<(), Letter> {
        let function = &mut self.functions[place];
        let now = (function.entry.clone(), code(&function.entry));
        if function.tried.as_ref() == Some(&now) {
            return Ok(());
        }
        function.tried = Some(now);
        let ready = prepare(function.entry.clone())?;
        deploy(&self.node, &ready, true).map(drop)
    }
}

impl Function {
    fn new(entry: Entry) -> Self {
        let (touched, outputs) = (BTreeSet::new(), BTreeSet::new());
        Self { entry, built: None, touched, outputs, tried: None }
    }
}

fn file(entry: &Entry) -> Option<PathBuf> {
    match &entry.code {
        Source::File(path) => Some(path.clone()),
        Source::None | Source::Digest(_) => None,
    }
}

fn code(entry: &Entry) -> Sources {
    file(entry).map(|path| Sources::look(&[path])).unwrap_or_default()
}
