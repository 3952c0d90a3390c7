//! What `swell new` writes: the hello functions of `examples/`, with another name.
//!
//! The examples are the templates, so that what people begin with is what is built, deployed
//! and called in our own tests.

use clap::ValueEnum;
use swell_componentize::interfaces::{OLDEST, Version, text};

/// A language that a function can be begun in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Language {
    /// Rust, with the bindings of the crate wasip2
    #[value(alias = "rs")]
    Rust,
    /// JavaScript, by componentize-js
    #[value(alias = "javascript")]
    Js,
    /// Python, by componentize-py
    #[value(alias = "py")]
    Python,
    /// C, without any library
    C,
}

/// The files of an example.
macro_rules! example {
    ($folder:literal: $($file:literal),+ $(,)?) => {
        &[$(($file, include_str!(concat!("../../../examples/", $folder, "/", $file)))),+]
    };
}

/// A template.
struct Template {
    /// The name of the example, for which another is put in.
    example: &'static str,
    /// Paths and texts.
    files: &'static [(&'static str, &'static str)],
    /// The version of the interfaces that its tools read, where they read them from a file.
    interfaces: Option<Version>,
    /// What has to be there before it can be built.
    setup: &'static str,
}

/// The template of a language.
fn template(language: Language) -> Template {
    match language {
        Language::Rust => Template {
            example: "hello-rust",
            files: example!(
                "hello-rust": ".gitignore", "Cargo.toml", "README.md", "app.toml", "src/lib.rs",
            ),
            interfaces: None,
            setup: "rustup target add wasm32-wasip2",
        },
        Language::Js => Template {
            example: "hello-js",
            files: example!(
                "hello-js":
                ".gitignore", "README.md", "app.toml", "function.js", "http.js", "package.json",
            ),
            // What the engine in componentize-js 0.23 was built with; it must be the same.
            interfaces: Some(Version(10)),
            setup: "npm install",
        },
        Language::Python => Template {
            example: "hello-python",
            files: example!(
                "hello-python": ".gitignore", "README.md", "app.py", "app.toml", "requirements.txt",
            ),
            interfaces: Some(OLDEST),
            setup: "pip install -r requirements.txt",
        },
        Language::C => Template {
            example: "hello-c",
            files: example!(
                "hello-c":
                ".gitignore", "Makefile", "README.md", "app.toml", "function.c", "http.c", "http.h",
            ),
            interfaces: None,
            setup: "apt-get install make clang-19 lld-19",
        },
    }
}

/// The files of a new function, as paths below its folder and texts.
pub fn files(language: Language, name: &str) -> Vec<(&'static str, String)> {
    let Template { example, files, interfaces, .. } = template(language);
    // Names of crates and modules have another stroke between their words.
    let (low, low_name) = (example.replace('-', "_"), name.replace('-', "_"));
    let fill = |text: &str| text.replace(example, name).replace(&low, &low_name);
    let mut filled: Vec<_> = files.iter().map(|(path, text)| (*path, fill(text))).collect();
    if let Some(version) = interfaces {
        filled.push(("wit/function.wit", text(version)));
    }
    filled
}

/// What to type, besides, before the first build.
pub fn setup(language: Language) -> &'static str {
    template(language).setup
}
