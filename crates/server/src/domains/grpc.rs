//! `DomainService`: messages to model and back.
use super::{
    model::{Domain, DomainType, NewDomain, Proof, VerificationMethod, VerificationStatus},
    ops,
};
use crate::{
    ctx::Ctx,
    error::Error,
    ids::{self, ConnectionId, DomainId, OrganizationKind, ParseIdError},
    organizations::OrganizationRef,
    rpc::Routes,
    update::Change,
};
use gatewright_api::{rpc::domain_service as api, scalekit::v1::domains as pb};

type Reply<T> = Result<T, Error>;

const DEFAULT_PAGE_SIZE: u32 = 30;
const MAX_PAGE_SIZE: u32 = 100;

/// All rpcs but `ListAuthorizedDomains`, which is about redirect URIs: `clients` has it.
pub fn routes(routes: &mut Routes) {
    routes.serve::<api::CreateDomain, _, _>(create);
    routes.serve::<api::UpdateDomain, _, _>(update);
    routes.serve::<api::GetDomain, _, _>(get);
    routes.serve::<api::ListDomains, _, _>(list);
    routes.serve::<api::DeleteDomain, _, _>(delete);
    routes.serve::<api::VerifyDomain, _, _>(verify);
}

async fn create(ctx: Ctx, request: pb::CreateDomainRequest) -> Reply<pb::CreateDomainResponse> {
    let which = identity(request.identities.map(Into::into))?;
    let connection = connection(request.connection_id)?;
    let Some(new) = request.domain else { return Err(Error::invalid("domain", "required", "is required")) };
    let kind = domain_type("domain.domain_type", new.domain_type)?.unwrap_or(DomainType::Organization);
    // Only the environment's own callers are believed.
    let proof = if ctx.require_environment_level().is_ok() { Proof::Word } else { Proof::Dns };
    let new = NewDomain { name: new.domain, kind, proof };
    let domain = ops::create(&ctx, &which, new, connection).await?;
    Ok(pb::CreateDomainResponse { domain: Some(message(&ctx, domain, true)) })
}

async fn update(ctx: Ctx, request: pb::UpdateDomainRequest) -> Reply<pb::UpdateDomainResponse> {
    let which = identity(request.identities.map(Into::into))?;
    let change = match request.connection_id.as_deref() {
        None => Change::Keep,
        Some("") => Change::Clear,
        Some(id) => Change::Set(ids::parse("connection_id", id)?),
    };
    let domain = ops::update(&ctx, &which, domain_id(&request.id)?, change).await?;
    Ok(pb::UpdateDomainResponse { domain: Some(message(&ctx, domain, true)) })
}

async fn get(ctx: Ctx, request: pb::GetDomainRequest) -> Reply<pb::GetDomainResponse> {
    let which = identity(request.identities.map(Into::into))?;
    let domain = ops::get(&ctx, &which, domain_id(&request.id)?).await?;
    Ok(pb::GetDomainResponse { domain: Some(message(&ctx, domain, true)) })
}

async fn list(ctx: Ctx, request: pb::ListDomainRequest) -> Reply<pb::ListDomainResponse> {
    let which = identity(request.identities.map(Into::into))?;
    let connection = connection(request.connection_id)?;
    let kind = domain_type("domain_type", request.domain_type)?;
    let size = match whole("page_size", request.page_size)? {
        0 => DEFAULT_PAGE_SIZE,
        size => size.min(MAX_PAGE_SIZE),
    };
    let page = whole("page_number", request.page_number)?;
    let details = request
        .include
        .is_some_and(|include| include.split(',').any(|part| part.trim() == "verification_details"));
    let domains = ops::list(&ctx, &which, (kind, connection), size, page).await?;
    Ok(pb::ListDomainResponse {
        page_size: i32::try_from(size).unwrap_or(i32::MAX),
        page_number: i32::try_from(page).unwrap_or(i32::MAX),
        domains: domains.into_iter().map(|domain| message(&ctx, domain, details)).collect(),
    })
}

async fn delete(ctx: Ctx, request: pb::DeleteDomainRequest) -> Reply<()> {
    let which = identity(request.identities.map(Into::into))?;
    ops::delete(&ctx, &which, domain_id(&request.id)?).await
}

async fn verify(ctx: Ctx, request: pb::VerifyDomainRequest) -> Reply<pb::VerifyDomainResponse> {
    let which = identity(request.identities.map(Into::into))?;
    let verified = ops::verify(&ctx, &which, domain_id(&request.id)?).await?;
    Ok(pb::VerifyDomainResponse { verified })
}

/// The two ways to name an organization, the same in every request.
enum Identity {
    Id(String),
    ExternalId(String),
}

macro_rules! identity_from {
    ($($module:ident)*) => { $(
        impl From<pb::$module::Identities> for Identity {
            fn from(identity: pb::$module::Identities) -> Self {
                match identity {
                    pb::$module::Identities::OrganizationId(id) => Self::Id(id),
                    pb::$module::Identities::ExternalId(id) => Self::ExternalId(id),
                }
            }
        }
    )* };
}
identity_from!(create_domain_request update_domain_request get_domain_request list_domain_request delete_domain_request verify_domain_request);

fn identity(identity: Option<Identity>) -> Reply<OrganizationRef> {
    match identity {
        Some(Identity::Id(id)) => {
            let id = id.parse::<crate::ids::Id<OrganizationKind>>();
            id.map(OrganizationRef::Id)
                .map_err(|error| Error::invalid("organization_id", "id", error.to_string()))
        }
        Some(Identity::ExternalId(id)) => Ok(OrganizationRef::ExternalId(id)),
        None => {
            Err(Error::invalid("organization_id", "required", "organization_id or external_id is required"))
        }
    }
}

fn domain_id(id: &str) -> Reply<DomainId> {
    id.parse().map_err(|error: ParseIdError| Error::invalid("id", "id", error.to_string()))
}

fn connection(id: Option<String>) -> Reply<Option<ConnectionId>> {
    id.filter(|id| !id.is_empty()).map(|id| ids::parse("connection_id", &id)).transpose()
}

/// None for the unspecified one.
fn domain_type(field: &'static str, number: i32) -> Reply<Option<DomainType>> {
    match pb::DomainType::try_from(number) {
        Ok(pb::DomainType::Unspecified) => Ok(None),
        Ok(pb::DomainType::OrganizationDomain) => Ok(Some(DomainType::Organization)),
        Ok(pb::DomainType::AllowedEmailDomain) => Ok(Some(DomainType::AllowedEmail)),
        Err(_) => Err(Error::invalid(
            field,
            "enum.defined_only",
            "must be ORGANIZATION_DOMAIN or ALLOWED_EMAIL_DOMAIN",
        )),
    }
}

fn whole(field: &'static str, number: Option<i32>) -> Reply<u32> {
    u32::try_from(number.unwrap_or_default())
        .map_err(|_| Error::invalid(field, "int32.gte", "must not be negative"))
}

/// A domain as the API has it.
pub fn message(ctx: &Ctx, domain: Domain, with_record: bool) -> pb::Domain {
    let status = match domain.status {
        VerificationStatus::Pending => pb::VerificationStatus::Pending,
        VerificationStatus::Verified => pb::VerificationStatus::Verified,
        VerificationStatus::Failed => pb::VerificationStatus::Failed,
        VerificationStatus::AutoVerified => pb::VerificationStatus::AutoVerified,
    };
    let method = match domain.method {
        VerificationMethod::Admin => pb::VerificationMethod::Admin,
        VerificationMethod::Dns => pb::VerificationMethod::Dns,
        VerificationMethod::NotApplicable => pb::VerificationMethod::NotApplicable,
    };
    let kind = match domain.kind {
        DomainType::Organization => pb::DomainType::OrganizationDomain,
        DomainType::AllowedEmail => pb::DomainType::AllowedEmailDomain,
    };
    let record = domain.txt_record.filter(|_| with_record);
    let (key, value) = record.map(|record| (record.key.to_owned(), record.value)).unwrap_or_default();
    pb::Domain {
        id: domain.id.to_string(),
        domain: domain.name,
        environment_id: ctx.environment().id.to_string(),
        organization_id: domain.organization.to_string(),
        txt_record_key: key,
        txt_record_secret: value,
        verification_status: status.into(),
        create_time: Some(domain.created_at.into()),
        update_time: Some(domain.updated_at.into()),
        domain_type: kind.into(),
        verification_method: method.into(),
    }
}
