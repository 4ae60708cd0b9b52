//! Where values come from: one file, the environment, flags; the later is the stronger.
use super::{
    error::{ConfigError, nearest},
    reference,
    section::{Setting, bad_value},
};
use std::{
    collections::BTreeMap,
    ffi::OsString,
    path::{Path, PathBuf},
};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

const PREFIX: &str = "GATEWRIGHT_";
const FILE_VARIABLE: &str = "GATEWRIGHT_CONFIG";
const DEFAULT_FILE: &str = "gatewright.toml";
/// Keys whose values may hold a password, and so never appear in a message.
const SECRET_KEYS: &[&str] = &["database.url", "mail.smtp_password"];

/// A value before its key's type is applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Raw {
    /// A text, number or boolean.
    Text(String),
    /// A list of them.
    List(Vec<String>),
}

/// What a configuration is made from. The default is nothing at all: every value has its default.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// The configuration file, which must exist.
    pub file: Option<PathBuf>,
    /// Variables of the environment; those without our prefix are passed over.
    pub environment: Vec<(String, String)>,
    /// Keys set by flags, `("server.listen", "127.0.0.1:0")`.
    pub flags: Vec<(&'static str, String)>,
}

impl Sources {
    /// This process's environment, and the file that `--config`, `GATEWRIGHT_CONFIG` or the working directory names.
    ///
    /// # Errors
    /// A variable of ours that is not UTF-8.
    pub fn of_process(
        file: Option<PathBuf>,
        flags: Vec<(&'static str, String)>,
    ) -> Result<Self, ConfigError> {
        let environment = std::env::vars_os().filter_map(ours).collect::<Result<Vec<_>, _>>()?;
        let named = environment.iter().find(|(name, _)| name == FILE_VARIABLE).map(|(_, path)| path.into());
        let present = || Some(PathBuf::from(DEFAULT_FILE)).filter(|path| path.exists());
        Ok(Self { file: file.or(named).or_else(present), environment, flags })
    }
}

fn ours((name, value): (OsString, OsString)) -> Option<Result<(String, String), ConfigError>> {
    let name = name.into_string().ok().filter(|name| name.starts_with(PREFIX))?;
    Some(match value.into_string() {
        Ok(value) => Ok((name, value)),
        Err(_) => Err(ConfigError::new(format!("the environment variable {name} is not UTF-8"))),
    })
}

/// Every value that was set, and where.
#[derive(Debug, Default)]
pub struct Values(BTreeMap<&'static str, (Raw, String)>);

impl Values {
    /// Reads all sources. Unknown keys are errors, whatever source they are in.
    pub(super) fn read(sources: &Sources) -> Result<Self, ConfigError> {
        let mut values = Self::default();
        if let Some(path) = &sources.file {
            values.read_file(path)?;
        }
        for (name, value) in &sources.environment {
            values.read_variable(name, value)?;
        }
        for (key, value) in &sources.flags {
            values.set(key, Raw::Text(value.clone()), "the command line".to_owned())?;
        }
        Ok(values)
    }

    /// The value of the key in its type, or its default.
    pub(super) fn get<T: Setting>(&self, key: &'static str, default: &str) -> Result<T, ConfigError> {
        let fallback = (Raw::Text(default.to_owned()), "the defaults".to_owned());
        let (raw, origin) = self.0.get(key).unwrap_or(&fallback);
        T::parse(raw).map_err(|why| {
            let shown = match raw {
                Raw::Text(text) if !SECRET_KEYS.contains(&key) => Some(text.as_str()),
                _ => None,
            };
            bad_value(key, T::EXPECTED, shown, origin, &why)
        })
    }

    /// Where the key was set, if it was.
    pub(super) fn origin(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(|(_, origin)| origin.as_str())
    }

    /// The keys that were set.
    pub(super) fn keys(&self) -> impl Iterator<Item = &'static str> {
        self.0.keys().copied()
    }

    fn set(&mut self, key: &str, raw: Raw, origin: String) -> Result<(), ConfigError> {
        match reference().find(|known| known.name == key) {
            Some(known) => {
                self.0.insert(known.name, (raw, origin));
                Ok(())
            }
            None => Err(unknown_key(key, &origin)),
        }
    }

    fn read_variable(&mut self, name: &str, value: &str) -> Result<(), ConfigError> {
        let Some(rest) =
            name.strip_prefix(PREFIX).filter(|_| name != FILE_VARIABLE && !is_service_link(name))
        else {
            return Ok(());
        };
        let known = reference().find(|key| variable(key.name) == name);
        let Some(known) = known else {
            let names: Vec<String> = reference().map(|key| variable(key.name)).collect();
            let error = ConfigError::new(format!("unknown environment variable {name}"));
            let near = nearest(name, names.iter().map(String::as_str));
            return Err(match near {
                Some(near) => error.with_help(format!("did you mean {near}?")),
                None if rest.contains("__") => error.with_help("docs/configuration.md lists every key"),
                None => error.with_help(format!(
                    "variables are {PREFIX}<SECTION>__<KEY> with two underscores, such as {PREFIX}SERVER__LISTEN"
                )),
            });
        };
        self.set(known.name, Raw::Text(value.to_owned()), format!("the environment variable {name}"))
    }

    fn read_file(&mut self, path: &Path) -> Result<(), ConfigError> {
        let shown = path.display();
        let text = std::fs::read_to_string(path).map_err(|error| {
            ConfigError::new(format!("cannot read the configuration file {shown}: {error}"))
                .with_help("give the path of a readable TOML file with --config")
        })?;
        let document = DeTable::parse(&text).map_err(|error| {
            let line = error.span().map(|span| line_of(&text, span.start));
            let place = line.map(|line| format!(":{line}")).unwrap_or_default();
            ConfigError::new(format!("{shown}{place} is not valid TOML: {}", error.message()))
        })?;
        for (section, table) in document.get_ref() {
            let origin = |at: usize| format!("{shown}:{}", line_of(&text, at));
            let name = section.get_ref();
            let DeValue::Table(table) = table.get_ref() else {
                return Err(outside_section(name, &origin(section.span().start)));
            };
            if !reference().any(|key| section_of(key.name) == name.as_ref()) {
                return Err(unknown_section(name, &origin(section.span().start)));
            }
            for (key, value) in table {
                let origin = origin(key.span().start);
                let name = format!("{name}.{}", key.get_ref());
                let raw = raw(value, &name, &origin)?;
                self.set(&name, raw, origin)?;
            }
        }
        Ok(())
    }
}

/// The environment variable of a key: `server.listen` is `GATEWRIGHT_SERVER__LISTEN`.
pub fn variable(key: &str) -> String {
    format!("{PREFIX}{}", key.replace('.', "__").to_uppercase())
}

/// Kubernetes sets these in every pod beside a service called `gatewright`; nobody wrote them.
fn is_service_link(name: &str) -> bool {
    ["GATEWRIGHT_SERVICE_HOST", "GATEWRIGHT_SERVICE_PORT", "GATEWRIGHT_PORT"].contains(&name)
        || name.starts_with("GATEWRIGHT_SERVICE_PORT_")
        || name.starts_with("GATEWRIGHT_PORT_")
}

fn section_of(key: &str) -> &str {
    key.split_once('.').map_or(key, |(section, _)| section)
}

fn line_of(text: &str, at: usize) -> usize {
    1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count()
}

fn raw(value: &Spanned<DeValue<'_>>, key: &str, origin: &str) -> Result<Raw, ConfigError> {
    match value.get_ref() {
        DeValue::Array(items) => {
            let items = items.iter().map(|item| scalar(item.get_ref(), key, origin));
            Ok(Raw::List(items.collect::<Result<_, _>>()?))
        }
        scalar_value => scalar(scalar_value, key, origin).map(Raw::Text),
    }
}

fn scalar(value: &DeValue<'_>, key: &str, origin: &str) -> Result<String, ConfigError> {
    match value {
        DeValue::String(text) => Ok(text.to_string()),
        DeValue::Integer(number) if number.radix() == 10 => Ok(number.as_str().to_owned()),
        DeValue::Boolean(value) => Ok(value.to_string()),
        // A key that does not exist is the better message, also when it holds a table.
        _ if !reference().any(|known| known.name == key) => Err(unknown_key(key, origin)),
        other => {
            let expected =
                reference().find(|known| known.name == key).map_or("a text", |known| known.expected);
            Err(bad_value(key, expected, None, origin, &format!("found a {}", other.type_str())))
        }
    }
}

fn unknown_key(key: &str, origin: &str) -> ConfigError {
    let section = section_of(key);
    let error = ConfigError::new(format!("unknown key {key} in {origin}"));
    match nearest(key, reference().map(|known| known.name)) {
        Some(near) => error.with_help(format!("did you mean {near}?")),
        None => {
            let known: Vec<&str> =
                reference().filter_map(|k| k.name.strip_prefix(section)?.strip_prefix('.')).collect();
            error.with_help(format!("the keys of [{section}] are {}", known.join(", ")))
        }
    }
}

fn sections() -> Vec<&'static str> {
    let mut names: Vec<&str> = reference().map(|key| section_of(key.name)).collect();
    names.dedup();
    names
}

fn unknown_section(name: &str, origin: &str) -> ConfigError {
    let error = ConfigError::new(format!("unknown section [{name}] in {origin}"));
    match nearest(name, sections()) {
        Some(near) => error.with_help(format!("did you mean [{near}]?")),
        None => error.with_help(format!("the sections are {}", sections().join(", "))),
    }
}

fn outside_section(name: &str, origin: &str) -> ConfigError {
    let error = ConfigError::new(format!("unknown key {name} in {origin}: every key is in a section"));
    let home = reference().find(|key| key.name.split_once('.').is_some_and(|(_, key)| key == name));
    match home {
        Some(key) => error.with_help(format!("write it below a line [{}]", section_of(key.name))),
        None => error.with_help(format!("the sections are {}", sections().join(", "))),
    }
}
