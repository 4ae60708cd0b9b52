//! Compiles `proto/` without `protoc`: messages with prost, and the compact plan of `src/plan.rs`.
#![expect(clippy::print_stdout, reason = "this is how a build script speaks to cargo")]

mod plan;

use prost::Message as _;
use std::{env, error::Error, fs, path::PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("../../proto");
    println!("cargo::rerun-if-changed={}", root.display());
    println!("cargo::rerun-if-changed=build");
    let mut files = Vec::new();
    for package in fs::read_dir(root.join("scalekit/v1"))? {
        collect(package?.path(), &mut files)?;
    }
    files.sort();
    let mut compiler = protox::Compiler::new([&root])?;
    compiler.include_imports(true).include_source_info(true).open_files(&files)?;
    // Not through `prost_types`: that drops custom options, and with them routes, rules and callers.
    let descriptors = compiler.encode_file_descriptor_set();

    let out = PathBuf::from(env::var("OUT_DIR")?);
    let mut set = prost_types::FileDescriptorSet::decode(descriptors.as_slice())?;
    set.file.retain(|file| file.package().starts_with("scalekit.") || file.package() == "google.protobuf");
    for file in &mut set.file {
        file.service.clear(); // rpcs are marker types of the plan
    }
    prost_build::Config::new().out_dir(&out).btree_map(["."]).include_file("messages.rs").compile_fds(set)?;

    let pool = prost_reflect::DescriptorPool::decode(descriptors.as_slice())?;
    fs::write(out.join("plan.rs"), plan::generate(&pool)?)?;
    Ok(())
}

fn collect(path: PathBuf, files: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    if path.is_dir() {
        for entry in fs::read_dir(path)? {
            collect(entry?.path(), files)?;
        }
    } else if path.extension().is_some_and(|extension| extension == "proto") {
        files.push(path);
    }
    Ok(())
}
