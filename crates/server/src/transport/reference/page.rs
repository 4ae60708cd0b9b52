//! The reference as pages for people, without script.
use super::{Place, body, callers, parameters, schema, service_name, summary};
use askama::Template;
use gatewright_api::plan::{Cardinality, Field, Kind, Message, Method, Rule};

pub(super) const STYLE: &str = include_str!("../../../templates/reference/reference.css");

#[derive(Template)]
#[template(path = "reference/index.html")]
struct Index {
    version: &'static str,
    services: Vec<Service>,
}

struct Service {
    name: &'static str,
    methods: Vec<Line>,
}

struct Line {
    name: &'static str,
    summary: Prose,
    /// Of the canonical binding; empty for an rpc without one.
    verb: &'static str,
    template: &'static str,
}

#[derive(Template)]
#[template(path = "reference/service.html")]
struct ServicePage {
    name: &'static str,
    operations: Vec<Operation>,
    messages: Vec<Shape>,
}

struct Operation {
    name: &'static str,
    documentation: Prose,
    bindings: Vec<(&'static str, &'static str)>,
    grpc: &'static str,
    callers: String,
    permissions: String,
    inputs: Vec<Row>,
    status: u16,
    output: Type,
}

/// A message that operations of the page refer to.
struct Shape {
    name: &'static str,
    rows: Vec<Row>,
}

struct Row {
    name: String,
    /// `path`, `query`, `body`; empty in messages.
    place: &'static str,
    kind: Type,
    required: bool,
    rules: String,
    documentation: Prose,
}

/// A type in words, and the message that it leads to.
struct Type {
    text: String,
    message: Option<&'static str>,
}

/// All services with their methods.
pub(super) fn index(methods: &[&'static Method]) -> Result<Option<String>, askama::Error> {
    let mut services: Vec<Service> = Vec::new();
    for method in methods {
        let name = service_name(method);
        let (verb, template) =
            method.bindings.first().map_or(("gRPC", method.path), |first| (first.verb, first.template));
        let line = Line { name: method.name, summary: prose(summary(method.documentation)), verb, template };
        match services.iter_mut().find(|service| service.name == name) {
            Some(service) => service.methods.push(line),
            None => services.push(Service { name, methods: vec![line] }),
        }
    }
    services.sort_by_key(|service| service.name);
    Index { version: env!("CARGO_PKG_VERSION"), services }.render().map(Some)
}

/// One service; `None` if no service is called that.
pub(super) fn service(methods: &[&'static Method], name: &str) -> Result<Option<String>, askama::Error> {
    let own: Vec<&'static Method> =
        methods.iter().copied().filter(|method| service_name(method) == name).collect();
    let Some(first) = own.first() else { return Ok(None) };
    let mut messages = Vec::new();
    for method in &own {
        for field in method.input.fields {
            collect(field, &mut messages);
        }
        reach(method.output, &mut messages);
    }
    let messages = messages.into_iter().map(|message| Shape {
        name: short(message.name),
        rows: message.fields.iter().map(|field| row(field.name.to_owned(), "", field)).collect(),
    });
    let page = ServicePage {
        name: service_name(first),
        operations: own.iter().map(|method| operation(method)).collect(),
        messages: messages.collect(),
    };
    page.render().map(Some)
}

fn operation(method: &'static Method) -> Operation {
    let mut inputs = Vec::new();
    if let Some(binding) = method.bindings.first() {
        for parameter in parameters(method, binding) {
            let place = if parameter.place == Place::Path { "path" } else { "query" };
            inputs.push(row(parameter.name, place, parameter.field));
        }
        if let Some((_, fields)) = body(method, binding) {
            inputs.extend(fields.into_iter().map(|field| row(field.name.to_owned(), "body", field)));
        }
    } else {
        inputs.extend(method.input.fields.iter().map(|field| row(field.name.to_owned(), "", field)));
    }
    Operation {
        name: method.name,
        documentation: prose(method.documentation),
        bindings: method.bindings.iter().map(|binding| (binding.verb, binding.template)).collect(),
        grpc: method.path,
        callers: callers(method.callers).join(", "),
        permissions: method.permissions.join(" or "),
        inputs,
        status: method.success_status,
        output: message_type(method.output),
    }
}

/// The messages that can be reached from here, each once, in the order in which they are met.
fn reach(message: &'static Message, found: &mut Vec<&'static Message>) {
    if message.well_known.is_some() || found.iter().any(|known| known.name == message.name) {
        return;
    }
    found.push(message);
    for field in message.fields {
        collect(field, found);
    }
}

fn collect(field: &'static Field, found: &mut Vec<&'static Message>) {
    if let Kind::Message(inner) = field.kind {
        reach(inner, found);
    }
}

/// A comment in pieces: plain text and, between backquotes, code, in turns.
type Prose = Vec<&'static str>;

fn prose(comment: &'static str) -> Prose {
    comment.split('`').collect()
}

fn short(name: &'static str) -> &'static str {
    name.rsplit('.').next().unwrap_or(name)
}

fn row(name: String, place: &'static str, field: &'static Field) -> Row {
    let one = kind(field.kind);
    let text = match field.cardinality {
        Cardinality::Repeated => format!("list of {}", one.text),
        Cardinality::Map => format!("object of {}", one.text),
        Cardinality::Implicit | Cardinality::Optional => one.text,
    };
    let rules: Vec<String> = field.rules.iter().filter_map(rule).collect();
    Row {
        name,
        place,
        kind: Type { text, message: one.message },
        required: schema::is_required(field),
        rules: rules.join(", "),
        documentation: prose(field.documentation),
    }
}

fn kind(kind: Kind) -> Type {
    let text = match kind {
        Kind::Bool => "boolean",
        Kind::Int32 => "int32",
        Kind::Uint32 => "uint32",
        Kind::Int64 => "int64, as a string",
        Kind::Uint64 => "uint64, as a string",
        Kind::Float | Kind::Double => "number",
        Kind::String => "string",
        Kind::Bytes => "bytes, base64",
        Kind::Enum(one) => {
            let names: Vec<&str> = one.values.iter().map(|(name, _)| *name).collect();
            return Type { text: names.join(" | "), message: None };
        }
        Kind::Message(message) => return message_type(message),
    };
    Type { text: text.to_owned(), message: None }
}

fn message_type(message: &'static Message) -> Type {
    let name = short(message.name);
    Type { text: name.to_owned(), message: message.well_known.is_none().then_some(name) }
}

fn rule(rule: &Rule) -> Option<String> {
    Some(match rule {
        Rule::MinLen(least) => format!("at least {least} characters"),
        Rule::MaxLen(most) => format!("at most {most} characters"),
        Rule::MaxBytes(most) => format!("at most {most} bytes"),
        Rule::Pattern(pattern) => format!("matches {pattern}"),
        Rule::Prefix(prefix) => format!("begins with {prefix}"),
        Rule::In(values) => format!("one of {}", values.join(", ")),
        Rule::Email => "an e-mail address".to_owned(),
        Rule::Uri => "a URI".to_owned(),
        Rule::Lt(limit) => format!("less than {limit}"),
        Rule::Lte(limit) => format!("at most {limit}"),
        Rule::Gt(limit) => format!("more than {limit}"),
        Rule::Gte(limit) => format!("at least {limit}"),
        Rule::MinItems(least) => format!("at least {least} items"),
        Rule::MaxItems(most) => format!("at most {most} items"),
        Rule::Unique => "no item twice".to_owned(),
        Rule::MinPairs(least) => format!("at least {least} pairs"),
        Rule::MaxPairs(most) => format!("at most {most} pairs"),
        Rule::DurationLte(seconds) => format!("at most {seconds} s"),
        Rule::DurationGte(seconds) => format!("at least {seconds} s"),
        Rule::Items(rules) => format!("each {}", all(rules)),
        Rule::Keys(rules) => format!("keys: {}", all(rules)),
        Rule::Values(rules) => format!("values: {}", all(rules)),
        Rule::Cel(cel) => cel.message.to_owned(),
        Rule::Required | Rule::IgnoreIfZero | Rule::DefinedOnly | Rule::NotIn(_) => return None,
    })
}

fn all(rules: &[Rule]) -> String {
    rules.iter().filter_map(rule).collect::<Vec<_>>().join(", ")
}
