use super::*;
use crate::config::{PublicUrl, Raw, Setting as _};
use clap::CommandFactory as _;
use std::{path::PathBuf, time::Duration};

#[test]
fn the_command_line_is_consistent_and_every_part_of_it_is_explained() {
    let mut command = Cli::command();
    command.build();
    command.clone().debug_assert();
    let mut commands = vec![command];
    while let Some(command) = commands.pop() {
        assert!(command.get_about().is_some(), "{} is not explained", command.get_name());
        for argument in command.get_arguments() {
            assert!(
                argument.get_help().is_some(),
                "{} of {} is not explained",
                argument.get_id(),
                command.get_name()
            );
        }
        commands.extend(command.get_subcommands().filter(|command| command.get_name() != "help").cloned());
    }
}

fn banner() -> Banner {
    Banner {
        environment_url: PublicUrl::parse(&Raw::Text("http://localhost:8080".into())).unwrap(),
        listen: "127.0.0.1:8080".parse().unwrap(),
        credentials_path: PathBuf::from("gatewright-data/credentials.env"),
        created: true,
        data_dir: PathBuf::from("gatewright-data"),
        database: "sqlite:gatewright-data/gatewright.db".into(),
        tls: "clear text".into(),
        local_authority: None,
        mail: "sent by mail.test:587, STARTTLS".into(),
        metrics: None,
        startup: Duration::from_millis(23),
    }
}

#[test]
fn the_banner_says_what_to_do_next() {
    let text = banner().to_string();
    assert!(text.contains("First start"), "{text}");
    // A shell looks for a name without a slash in front in PATH; `./` makes it a file.
    assert!(text.contains("\n  set -a; . ./gatewright-data/credentials.env; set +a\n"), "{text}");
    assert!(text.contains("--tls local"), "{text}");
    let spaces = Banner { credentials_path: "/a b/it's.env".into(), created: false, ..banner() }.to_string();
    assert!(spaces.contains(". '/a b/it'\\''s.env'; "), "{spaces}");
    assert!(!spaces.contains("First start"));
    let local = Banner { local_authority: Some("/d/tls/ca.pem".into()), ..banner() }.to_string();
    for variable in
        ["NODE_EXTRA_CA_CERTS", "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"]
    {
        assert!(local.contains(&format!("export {variable}=/d/tls/ca.pem")), "{local}");
    }
}

#[test]
fn a_failure_shows_its_causes_and_its_help() {
    let error = crate::error::Error::internal(std::io::Error::other("disk full"));
    assert_eq!(Failure::from(error).to_string(), "error: internal error: disk full");
    let usage = Failure::usage("bad").with_help("good");
    assert_eq!((usage.to_string().as_str(), usage.code()), ("error: bad\n  help: good", 2));
}
