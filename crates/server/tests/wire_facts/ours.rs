//! The same facts from our protos, by way of their descriptors.
use super::{Facts, theirs::field};
use prost_reflect::{
    DescriptorPool, DynamicMessage, EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor,
    MethodDescriptor, ReflectMessage as _, Value,
};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Compiles `proto/` and reads what it says.
pub fn read() -> Facts {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../proto");
    let mut files = Vec::new();
    collect(&root.join("scalekit"), &mut files);
    let mut compiler = protox::Compiler::new([&root]).unwrap();
    compiler.include_imports(true).open_files(&files).unwrap();
    let pool = DescriptorPool::decode(compiler.encode_file_descriptor_set().as_slice()).unwrap();
    let mut facts = Facts::new();
    for file in pool.files().filter(|file| file.package_name().starts_with("scalekit.")) {
        let package = file.package_name();
        for service in file.services() {
            for method in service.methods() {
                let key = format!("{package} rpc {}.{}", service.name(), method.name());
                of_rpc(&mut facts, &pool, &key, package, &method);
            }
        }
        for message in file.messages() {
            of_message(&mut facts, &pool, package, &message);
        }
        for enumeration in file.enums() {
            of_enum(&mut facts, package, &enumeration);
        }
    }
    facts
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "proto") {
            files.push(path);
        }
    }
}

fn of_rpc(facts: &mut Facts, pool: &DescriptorPool, key: &str, package: &str, method: &MethodDescriptor) {
    let options = method.options();
    let mut messages = format!("{} -> {}", local(&method.input(), package), local(&method.output(), package));
    if flag(&options, "deprecated") {
        messages.push_str(" [deprecated]");
    }
    facts.insert(format!("{key} messages"), messages);
    if let Some(rule) = option(pool, &options, "google.api.http") {
        let mut bindings = Vec::new();
        bindings_of(&rule, &mut bindings);
        facts.insert(format!("{key} http"), bindings.join("\n"));
    }
    if let Some(auth) = option(pool, &options, "scalekit.v1.options.auth_option") {
        let name = |field: &str| {
            let value = auth.get_field_by_name(field).unwrap();
            let Kind::Enum(kind) = auth.descriptor().get_field_by_name(field).unwrap().kind() else {
                panic!("{field}")
            };
            kind.get_value(value.as_enum_number().unwrap()).unwrap().name().to_owned()
        };
        let permissions = auth.get_field_by_name("permissions").unwrap();
        let permissions: Vec<&str> =
            permissions.as_list().unwrap().iter().filter_map(Value::as_str).collect();
        let permissions = if permissions.is_empty() { "-".to_owned() } else { permissions.join(", ") };
        let (callers, policy) = (name("authentication_type"), name("policy"));
        let text = format!("{callers} policy {policy} permissions {permissions}");
        facts.insert(format!("{key} auth"), text);
    }
    if let Some(rule) = option(pool, &options, "google.api.method_visibility") {
        facts.insert(format!("{key} visibility"), string(&rule, "restriction"));
    }
}

fn bindings_of(rule: &DynamicMessage, out: &mut Vec<String>) {
    for verb in ["get", "put", "post", "delete", "patch"] {
        let template = string(rule, verb);
        if !template.is_empty() {
            let body = string(rule, "body");
            let body = if body.is_empty() { body } else { format!(" body={body}") };
            out.push(format!("{} {template}{body}", verb.to_uppercase()));
        }
    }
    for more in rule.get_field_by_name("additional_bindings").unwrap().as_list().unwrap() {
        bindings_of(more.as_message().unwrap(), out);
    }
}

fn of_message(facts: &mut Facts, pool: &DescriptorPool, package: &str, message: &MessageDescriptor) {
    if message.is_map_entry() {
        return;
    }
    let key = format!("{package} message {}", local(message, package));
    facts.insert(format!("{key} exists"), String::new());
    if let Some(rules) = option(pool, &message.options(), "buf.validate.message") {
        facts.insert(format!("{key} rule"), text_format(&rules));
    }
    for one in message.fields() {
        facts.insert(format!("{key} field {}", one.number()), of_field(pool, package, &one));
    }
    for nested in message.child_messages() {
        of_message(facts, pool, package, &nested);
    }
    for nested in message.child_enums() {
        of_enum(facts, package, &nested);
    }
}

fn of_field(pool: &DescriptorPool, package: &str, one: &FieldDescriptor) -> String {
    let options = one.options();
    let repeated = if one.is_list() { "repeated " } else { "" };
    let declared = format!("{} {repeated}{}", one.name(), type_of(one, package));
    let mut attributes = Vec::new();
    match one.containing_oneof() {
        Some(oneof) if oneof.is_synthetic() => attributes.push("optional".to_owned()),
        Some(oneof) => attributes.push(format!("oneof {}", oneof.name())),
        None => {}
    }
    if flag(&options, "deprecated") {
        attributes.push("deprecated".to_owned());
    }
    let behavior = pool.get_extension_by_name("google.api.field_behavior").unwrap();
    for value in options.get_extension(&behavior).as_list().unwrap() {
        let kind = pool.get_enum_by_name("google.api.FieldBehavior").unwrap();
        attributes.push(kind.get_value(value.as_enum_number().unwrap()).unwrap().name().to_owned());
    }
    if let Some(rule) = option(pool, &options, "google.api.field_visibility") {
        attributes.push(format!("visibility {}", string(&rule, "restriction")));
    }
    let rule =
        option(pool, &options, "buf.validate.field").map(|rules| text_format(&rules)).unwrap_or_default();
    field(&declared, attributes, &rule)
}

fn of_enum(facts: &mut Facts, package: &str, enumeration: &EnumDescriptor) {
    let name = enumeration.full_name().strip_prefix(package).unwrap().trim_start_matches('.');
    for value in enumeration.values() {
        let deprecated = if flag(&value.options(), "deprecated") { "deprecated" } else { "" };
        let key = format!("{package} enum {name} {} {}", value.number(), value.name());
        facts.insert(key, deprecated.to_owned());
    }
}

fn type_of(one: &FieldDescriptor, package: &str) -> String {
    match one.kind() {
        Kind::Message(entry) if one.is_map() => {
            let (key, value) = (entry.map_entry_key_field(), entry.map_entry_value_field());
            format!("map<{},{}>", type_of(&key, package), type_of(&value, package))
        }
        Kind::Message(message) => local(&message, package),
        Kind::Enum(kind) => strip(kind.full_name(), package),
        scalar => format!("{scalar:?}").to_lowercase(),
    }
}

fn local(message: &MessageDescriptor, package: &str) -> String {
    strip(message.full_name(), package)
}

/// The name as it is written within its own package.
fn strip(full: &str, package: &str) -> String {
    full.strip_prefix(package).and_then(|rest| rest.strip_prefix('.')).unwrap_or(full).to_owned()
}

fn option(pool: &DescriptorPool, options: &DynamicMessage, name: &str) -> Option<DynamicMessage> {
    let extension = pool.get_extension_by_name(name).unwrap();
    options.has_extension(&extension).then(|| options.get_extension(&extension).as_message().unwrap().clone())
}

fn flag(options: &DynamicMessage, name: &str) -> bool {
    options.get_field_by_name(name).is_some_and(|value| value.as_bool() == Some(true))
}

fn string(message: &DynamicMessage, name: &str) -> String {
    message.get_field_by_name(name).unwrap().as_str().unwrap().to_owned()
}

/// Rules as Protocol Buffers' text format, in the order of field numbers.
fn text_format(rules: &DynamicMessage) -> String {
    let mut parts = Vec::new();
    for (descriptor, value) in rules.fields() {
        let one = std::slice::from_ref(value);
        for value in value.as_list().unwrap_or(one) {
            let name = descriptor.name();
            parts.push(match value {
                Value::Message(message) => {
                    format!("{name} {{ {} }}", text_format(message)).replace("{  }", "{ }")
                }
                Value::String(text) => format!("{name}: {}", quoted(text)),
                Value::EnumNumber(number) => {
                    let Kind::Enum(kind) = descriptor.kind() else { panic!("{name}") };
                    format!("{name}: {}", kind.get_value(*number).unwrap().name())
                }
                Value::Bool(value) => format!("{name}: {value}"),
                Value::I32(value) => format!("{name}: {value}"),
                Value::I64(value) => format!("{name}: {value}"),
                Value::U32(value) => format!("{name}: {value}"),
                Value::U64(value) => format!("{name}: {value}"),
                other => panic!("{name}: {other:?}"),
            });
        }
    }
    parts.join(" ")
}

fn quoted(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\'', "\\'").replace('\n', "\\n");
    format!("\"{escaped}\"")
}
