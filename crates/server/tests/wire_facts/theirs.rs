//! Reads the files of facts; their form is described in `shared/spec/README.md`.
use super::Facts;

enum Block {
    None,
    Service(String),
    Message(String),
    Enum(String),
}

/// The facts of one file.
pub fn parse(text: &str) -> Facts {
    let mut facts = Facts::new();
    let (mut package, mut block, mut rpc) = (String::new(), Block::None, String::new());
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        if !line.starts_with(' ') {
            let (word, name) = line.split_once(' ').expect("a word and a name");
            match word {
                "file" => {}
                "package" => name.clone_into(&mut package),
                "service" => block = Block::Service(name.to_owned()),
                "enum" => block = Block::Enum(format!("{package} enum {name}")),
                "message" => {
                    let key = format!("{package} message {name}");
                    facts.insert(format!("{key} exists"), String::new());
                    block = Block::Message(key);
                }
                _ => panic!("not understood: {line}"),
            }
            continue;
        }
        match &block {
            Block::Service(service) if line.starts_with("      ") => {
                of_rpc(&mut facts, &rpc, line.trim(), service)
            }
            Block::Service(service) => {
                let (name, messages) = line.trim().split_once("  ").expect("an rpc and its messages");
                rpc = format!("{package} rpc {service}.{name}");
                facts.insert(format!("{rpc} messages"), single_spaces(messages));
            }
            Block::Message(key) => of_message(&mut facts, key, line.trim()),
            Block::Enum(key) => {
                let words: Vec<&str> = line.split_whitespace().collect();
                let attributes = words.get(2).copied().unwrap_or_default().trim_matches(['[', ']']);
                facts.insert(format!("{key} {} {}", words[0], words[1]), attributes.to_owned());
            }
            Block::None => panic!("not understood: {line}"),
        }
    }
    facts
}

fn of_rpc(facts: &mut Facts, rpc: &str, line: &str, service: &str) {
    let (word, rest) = line.split_once(' ').unwrap_or_else(|| panic!("{service}: {line}"));
    let value = facts.entry(format!("{rpc} {word}")).or_default();
    // Bindings are in order: the first one is canonical.
    if !value.is_empty() {
        value.push('\n');
    }
    value.push_str(&single_spaces(rest));
}

fn of_message(facts: &mut Facts, key: &str, line: &str) {
    if let Some(rule) = line.strip_prefix("rule: ") {
        facts.insert(format!("{key} rule"), rule.to_owned());
        return;
    }
    let (number, rest) = line.split_once("  ").expect("a field number");
    let (declared, attributes) = match rest.split_once("   [") {
        Some((declared, attributes)) => (declared, attributes.strip_suffix(']').expect("a closed list")),
        None => (rest, ""),
    };
    let (others, rule) = match attributes.split_once("rule: ") {
        Some((others, rule)) => (others.trim_end_matches("; "), rule),
        None => (attributes, ""),
    };
    let others = others.split("; ").filter(|other| !other.is_empty()).map(str::to_owned).collect();
    facts.insert(format!("{key} field {number}"), field(&single_spaces(declared), others, rule));
}

/// The form of a field in which both sides are compared.
pub fn field(declared: &str, mut attributes: Vec<String>, rule: &str) -> String {
    attributes.sort_unstable();
    let mut text = declared.to_owned();
    if !attributes.is_empty() {
        text.push_str(&format!(" [{}]", attributes.join("; ")));
    }
    if !rule.is_empty() {
        text.push_str(&format!(" rule {rule}"));
    }
    text
}

fn single_spaces(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
