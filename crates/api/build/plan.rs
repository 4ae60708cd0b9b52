//! Turns descriptors into the Rust source of the compact plan.
use prost_reflect::{
    Cardinality, DescriptorPool, DynamicMessage, EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor,
    MethodDescriptor, Value,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    error::Error,
    fmt::Write as _,
};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Source text that defines `METHODS`, the statics behind it, and the marker types in `rpc`.
pub fn generate(pool: &DescriptorPool) -> Result<String> {
    let mut generator = Generator { pool, source: String::new(), seen: BTreeSet::new() };
    let mut methods = String::new();
    let mut markers: BTreeMap<String, String> = BTreeMap::new();
    let mut index = 0;
    for service in pool.services().filter(|service| service.full_name().starts_with("scalekit.")) {
        for method in service.methods() {
            methods.push_str(&generator.method(&method, index)?);
            let module = markers.entry(snake(service.name())).or_default();
            module.push_str(&marker(&method, index)?);
            index += 1;
        }
    }
    let mut source = generator.source;
    write!(
        source,
        "/// Every rpc of the API.\npub static METHODS: [plan::Method; {index}] = [\n{methods}];\n"
    )?;
    source.push_str("/// One marker type per rpc, in a module per service.\npub mod rpc {\n");
    for (module, text) in markers {
        write!(source, "/// Rpcs of this service.\npub mod {module} {{\n{text}}}\n")?;
    }
    source.push_str("}\n");
    Ok(source)
}

struct Generator<'a> {
    pool: &'a DescriptorPool,
    source: String,
    seen: BTreeSet<String>,
}

impl Generator<'_> {
    fn method(&mut self, method: &MethodDescriptor, index: usize) -> Result<String> {
        let auth = self
            .option(&method.options(), "scalekit.v1.options.auth_option")
            .ok_or_else(|| format!("{} has no auth_option: say who may call it", method.full_name()))?;
        let callers =
            auth.get_field_by_name("authentication_type").and_then(|v| v.as_enum_number()).unwrap_or(0);
        let permissions = strings(&auth, "permissions");
        let status = method
            .options()
            .get_extension(
                &self.pool.get_extension_by_name("gatewright.success_status").ok_or("no success_status")?,
            )
            .as_i32()
            .filter(|status| *status != 0)
            .unwrap_or(200);
        let bindings = match self.option(&method.options(), "google.api.http") {
            Some(rule) => bindings(&rule)?,
            None => String::new(),
        };
        let service = method.parent_service().full_name().to_owned();
        Ok(format!(
            "plan::Method {{ index: {index}, service: {service:?}, name: {:?}, path: \"/{service}/{}\", \
             input: &{}, output: &{}, bindings: &[{bindings}], callers: plan::Callers({callers}), \
             permissions: &{permissions:?}, success_status: {status}, documentation: {:?} }},\n",
            method.name(),
            method.name(),
            self.message(&method.input())?,
            self.message(&method.output())?,
            comment(method.parent_file().file_descriptor_proto(), method.path()),
        ))
    }

    fn option(&self, options: &DynamicMessage, name: &str) -> Option<DynamicMessage> {
        let extension = self.pool.get_extension_by_name(name)?;
        options.has_extension(&extension).then(|| options.get_extension(&extension).as_message().cloned())?
    }

    /// Name of the static that holds the plan of `message`, which is written on first use.
    fn message(&mut self, message: &MessageDescriptor) -> Result<String> {
        let name = format!("MESSAGE_{}", message.full_name().replace('.', "_").to_uppercase());
        if !self.seen.insert(name.clone()) {
            return Ok(name);
        }
        let known = match message.full_name().strip_prefix("google.protobuf.") {
            None => None,
            Some(
                known @ ("Timestamp" | "Duration" | "FieldMask" | "Struct" | "Value" | "ListValue" | "Empty"),
            ) => Some(known),
            Some(wrapper) if wrapper.ends_with("Value") => Some("Wrapper"),
            Some(other) => return Err(format!("no JSON form is known for google.protobuf.{other}").into()),
        };
        let mut fields = String::new();
        if !matches!(known, Some("Struct" | "Value" | "ListValue")) {
            for field in message.fields() {
                fields.push_str(&self.field(&field)?);
            }
        }
        let checks = match self.option(&message.options(), "buf.validate.message") {
            Some(rules) => cels(&rules),
            None => String::new(),
        };
        let known = known.map_or("None".to_owned(), |known| format!("Some(plan::WellKnown::{known})"));
        write!(
            self.source,
            "static {name}: plan::Message = plan::Message {{ name: {:?}, fields: &[\n{fields}], checks: &[{checks}], \
             well_known: {known} }};\n",
            message.full_name()
        )?;
        Ok(name)
    }

    fn field(&mut self, field: &FieldDescriptor) -> Result<String> {
        let value = if field.is_map() { map_value(field)? } else { field.clone() };
        let kind = match value.kind() {
            Kind::Bool => "Bool".to_owned(),
            Kind::Int32 => "Int32".to_owned(),
            Kind::Int64 => "Int64".to_owned(),
            Kind::Uint32 => "Uint32".to_owned(),
            Kind::Uint64 => "Uint64".to_owned(),
            Kind::Float => "Float".to_owned(),
            Kind::Double => "Double".to_owned(),
            Kind::String => "String".to_owned(),
            Kind::Bytes => "Bytes".to_owned(),
            Kind::Enum(descriptor) => format!("Enum(&{})", self.enumeration(&descriptor)),
            Kind::Message(descriptor) => format!("Message(&{})", self.message(&descriptor)?),
            other => return Err(format!("{}: {other:?} is not supported", field.full_name()).into()),
        };
        let cardinality = match field.cardinality() {
            _ if field.is_map() => "Map",
            Cardinality::Repeated => "Repeated",
            _ if field.supports_presence() => "Optional",
            _ => "Implicit",
        };
        let oneof = field.containing_oneof().filter(|oneof| !oneof.is_synthetic());
        let rules = match self.option(&field.options(), "buf.validate.field") {
            Some(rules) => field_rules(&rules, field.full_name())?,
            None => String::new(),
        };
        Ok(format!(
            "plan::Field {{ number: {}, name: {:?}, json_name: {:?}, kind: plan::Kind::{kind}, \
             cardinality: plan::Cardinality::{cardinality}, oneof: {:?}, rules: &[{rules}], documentation: {:?} }},\n",
            field.number(),
            field.name(),
            field.json_name(),
            oneof.as_ref().map(|oneof| oneof.name().to_owned()),
            comment(field.parent_file().file_descriptor_proto(), field.path()),
        ))
    }

    fn enumeration(&mut self, descriptor: &EnumDescriptor) -> String {
        let name = format!("ENUM_{}", descriptor.full_name().replace('.', "_").to_uppercase());
        if self.seen.insert(name.clone()) {
            let values: Vec<_> = descriptor.values().map(|v| (v.name().to_owned(), v.number())).collect();
            self.source.push_str(&format!(
                "static {name}: plan::Enum = plan::Enum {{ name: {:?}, values: &{values:?} }};\n",
                descriptor.full_name()
            ));
        }
        name
    }
}

fn map_value(field: &FieldDescriptor) -> Result<FieldDescriptor> {
    let Kind::Message(entry) = field.kind() else { return Err("a map without an entry".into()) };
    if !matches!(entry.map_entry_key_field().kind(), Kind::String) {
        return Err(format!("{}: only string keys are supported", field.full_name()).into());
    }
    Ok(entry.map_entry_value_field())
}

fn marker(method: &MethodDescriptor, index: usize) -> Result<String> {
    Ok(format!(
        "/// `/{service}/{name}`\n#[derive(Debug)]\npub struct {name};\nimpl crate::Rpc for {name} {{\n\
         type Request = {};\ntype Response = {};\nconst PATH: &'static str = \"/{service}/{name}\";\n\
         const METHOD: &'static crate::plan::Method = &crate::METHODS[{index}];\n}}\n",
        rust_type(&method.input())?,
        rust_type(&method.output())?,
        service = method.parent_service().full_name(),
        name = method.name(),
    ))
}

fn rust_type(message: &MessageDescriptor) -> Result<String> {
    Ok(match message.full_name() {
        "google.protobuf.Empty" => "()".to_owned(),
        "google.protobuf.BoolValue" => "bool".to_owned(),
        name if name.starts_with("google.protobuf.") => {
            format!("::prost_types::{}", message.name())
        }
        _ => format!("crate::{}::{}", message.package_name().replace('.', "::"), camel(message.name())),
    })
}

fn bindings(rule: &DynamicMessage) -> Result<String> {
    let mut source = String::new();
    for verb in ["get", "put", "post", "delete", "patch"] {
        let template =
            rule.get_field_by_name(verb).and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default();
        if template.is_empty() {
            continue;
        }
        let body =
            rule.get_field_by_name("body").and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default();
        let body = match body.as_str() {
            "" => "plan::Body::None".to_owned(),
            "*" => "plan::Body::Whole".to_owned(),
            field => format!("plan::Body::Field({field:?})"),
        };
        write!(
            source,
            "plan::Binding {{ verb: {:?}, template: {template:?}, body: {body} }}, ",
            verb.to_uppercase()
        )?;
    }
    if let Some(more) = rule.get_field_by_name("additional_bindings") {
        for rule in more.as_list().unwrap_or_default() {
            source.push_str(&bindings(rule.as_message().ok_or("a binding is a message")?)?);
        }
    }
    Ok(source)
}

/// Rules as `plan::Rule` expressions. A rule that the plan cannot express is an error, so none is lost silently.
fn field_rules(rules: &DynamicMessage, name: &str) -> Result<String> {
    let mut out = String::new();
    for (field, value) in rules.fields() {
        match field.name() {
            "required" if value.as_bool() == Some(true) => out.push_str("plan::Rule::Required, "),
            "required" => {}
            "ignore" if value.as_enum_number() == Some(1) => out.push_str("plan::Rule::IgnoreIfZero, "),
            "cel" => {
                for cel in value.as_list().unwrap_or_default() {
                    write!(out, "plan::Rule::Cel({}), ", cel_source(cel.as_message().ok_or("cel")?))?;
                }
            }
            _ => {
                let typed =
                    value.as_message().ok_or_else(|| format!("{name}: unknown rule {}", field.name()))?;
                for (rule, value) in typed.fields() {
                    out.push_str(&typed_rule(field.name(), rule.name(), value, name)?);
                }
            }
        }
    }
    Ok(out)
}

fn typed_rule(family: &str, rule: &str, value: &Value, name: &str) -> Result<String> {
    let number = || {
        value
            .as_u64()
            .map(i128::from)
            .or(value.as_i64().map(i128::from))
            .or(value.as_u32().map(i128::from))
            .or(value.as_i32().map(i128::from))
            .unwrap_or_default()
    };
    let nested = || field_rules(value.as_message().ok_or("nested rules")?, name);
    let expression = match (family, rule) {
        (_, "min_len") => format!("MinLen({})", number()),
        (_, "max_len") => format!("MaxLen({})", number()),
        (_, "max_bytes") => format!("MaxBytes({})", number()),
        (_, "pattern") => format!("Pattern({:?})", value.as_str().unwrap_or_default()),
        (_, "prefix") => format!("Prefix({:?})", value.as_str().unwrap_or_default()),
        ("string", "in") => {
            format!("In(&{:?})", list(value).iter().filter_map(|v| v.as_str()).collect::<Vec<_>>())
        }
        (_, "email") => "Email".to_owned(),
        (_, "uri") => "Uri".to_owned(),
        ("duration", "lte") => format!("DurationLte({})", seconds(value)),
        ("duration", "gte") => format!("DurationGte({})", seconds(value)),
        (_, "lt") => format!("Lt({})", number()),
        (_, "lte") => format!("Lte({})", number()),
        (_, "gt") => format!("Gt({})", number()),
        (_, "gte") => format!("Gte({})", number()),
        (_, "defined_only") => "DefinedOnly".to_owned(),
        ("enum", "not_in") => {
            format!("NotIn(&{:?})", list(value).iter().filter_map(|v| v.as_i32()).collect::<Vec<_>>())
        }
        (_, "min_items") => format!("MinItems({})", number()),
        (_, "max_items") => format!("MaxItems({})", number()),
        (_, "unique") => "Unique".to_owned(),
        (_, "items") => format!("Items(&[{}])", nested()?),
        (_, "min_pairs") => format!("MinPairs({})", number()),
        (_, "max_pairs") => format!("MaxPairs({})", number()),
        (_, "keys") => format!("Keys(&[{}])", nested()?),
        (_, "values") => format!("Values(&[{}])", nested()?),
        _ => return Err(format!("{name}: unknown rule {family}.{rule}").into()),
    };
    Ok(format!("plan::Rule::{expression}, "))
}

fn cels(rules: &DynamicMessage) -> String {
    let value = rules.get_field_by_name("cel");
    let list = value.as_deref().map(list).unwrap_or_default();
    list.iter().filter_map(|cel| cel.as_message()).map(|cel| format!("{}, ", cel_source(cel))).collect()
}

fn cel_source(cel: &DynamicMessage) -> String {
    let text = |name: &str| {
        cel.get_field_by_name(name).and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
    };
    format!(
        "plan::Cel {{ id: {:?}, message: {:?}, expression: {:?} }}",
        text("id"),
        text("message"),
        text("expression")
    )
}

fn list(value: &Value) -> Vec<Value> {
    value.as_list().map(<[Value]>::to_vec).unwrap_or_default()
}

fn strings(message: &DynamicMessage, field: &str) -> Vec<String> {
    let value = message.get_field_by_name(field);
    value
        .as_deref()
        .map(list)
        .unwrap_or_default()
        .iter()
        .filter_map(|v| v.as_str().map(str::to_owned))
        .collect()
}

fn seconds(duration: &Value) -> i64 {
    let value = duration.as_message().and_then(|message| message.get_field_by_name("seconds"));
    value.and_then(|seconds| seconds.as_i64()).unwrap_or_default()
}

/// The leading comment of the declaration at `path`.
fn comment(file: &prost_types::FileDescriptorProto, path: &[i32]) -> String {
    let locations = file.source_code_info.as_ref().map(|info| info.location.as_slice()).unwrap_or_default();
    let location = locations.iter().find(|location| location.path == path);
    let text = location.map(|location| location.leading_comments()).unwrap_or_default();
    text.lines().map(str::trim).collect::<Vec<_>>().join("\n").trim().to_owned()
}

fn snake(name: &str) -> String {
    let mut out = String::new();
    let mut before: Option<char> = None;
    let mut letters = name.chars().peekable();
    while let Some(letter) = letters.next() {
        let after_lower = before.is_some_and(char::is_lowercase);
        let before_lower = before.is_some() && letters.peek().is_some_and(|next| next.is_lowercase());
        if letter.is_uppercase() && (after_lower || before_lower) {
            out.push('_');
        }
        out.extend(letter.to_lowercase());
        before = Some(letter);
    }
    out
}

/// prost's spelling of a message name: `IEvent` stays, `GetDNSRecordsRequest` becomes `GetDnsRecordsRequest`.
fn camel(name: &str) -> String {
    snake(name)
        .split('_')
        .map(|part| {
            let mut letters = part.chars();
            letters
                .next()
                .map(|first| first.to_uppercase().collect::<String>() + letters.as_str())
                .unwrap_or_default()
        })
        .collect()
}
