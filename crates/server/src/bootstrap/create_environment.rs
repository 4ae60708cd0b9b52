//! `CreateEnvironment`: the one rpc that needs all that an environment is born with.
use super::make_environment;
use crate::{
    ctx::Ctx,
    environments::{self, Environment, EnvironmentType, Features, Region, Settings},
    error::{Error, Kind},
    ids::EnvironmentId,
    rpc::Routes,
};
use gatewright_api::{
    rpc::environment_service as api,
    scalekit::v1::{
        commons::{self, AuthenticationMode, RegionCode},
        environments as pb,
    },
};

/// Most environments of an installation: every node has all of them in memory.
const MAX: i64 = 1000;

pub(super) fn routes(routes: &mut Routes) {
    routes.serve::<api::CreateEnvironment, _, _>(create);
}

/// Nobody is told the secret of its application: a new one is made with `gatewright credentials --environment`.
async fn create(
    ctx: Ctx,
    request: pb::CreateEnvironmentRequest,
) -> Result<pb::CreateEnvironmentResponse, Error> {
    let new = request.environment.unwrap_or_default();
    environments::check_name(&new.display_name)?;
    if environments::store::count(&mut ctx.db().read()).await? >= MAX {
        return Err(Error::new(Kind::FailedPrecondition, format!("there are {MAX} environments already")));
    }
    let default = ctx.app().environments.default_environment();
    let default = default.ok_or_else(|| Error::internal("no environment"))?;
    let (id, now) = (ctx.new_id(), ctx.now());
    let domain = domain(&default, id)?;
    let full_stack_auth = new.authentication_mode() != AuthenticationMode::ModularAuth;
    let environment = Environment {
        id,
        url: format!("{}://{domain}", default.scheme()),
        domain,
        kind: match new.r#type() {
            commons::EnvironmentType::Prd => EnvironmentType::Production,
            commons::EnvironmentType::Dev | commons::EnvironmentType::Unspecified => {
                EnvironmentType::Development
            }
        },
        region: match new.region_code() {
            RegionCode::Us => Region::Us,
            RegionCode::Eu => Region::Eu,
            RegionCode::Unspecified => default.region,
        },
        display_name: new.display_name,
        custom_domain: None,
        settings: Settings {
            features: Features { full_stack_auth, ..Features::default() },
            ..Settings::default()
        },
        created_at: now,
        updated_at: now,
    };
    make_environment(ctx.app(), &environment).await?;
    Ok(pb::CreateEnvironmentResponse { environment: Some(environments::message(&environment)) })
}

/// A host below the default environment's, that nobody chose: names of people's choice could pass for others'.
fn domain(default: &Environment, id: EnvironmentId) -> Result<String, Error> {
    let (host, port) = match default.domain.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, format!(":{port}")),
        _ => (default.domain.as_str(), String::new()),
    };
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    let parent = match address {
        Err(_) => host,
        Ok(address) if address.is_loopback() => "localhost",
        Ok(_) => {
            let text = "a further environment needs a host name; serve this one under a name first (server.public_url)";
            return Err(Error::new(Kind::FailedPrecondition, text));
        }
    };
    Ok(format!("env-{}.{parent}{port}", id.as_i64()))
}
