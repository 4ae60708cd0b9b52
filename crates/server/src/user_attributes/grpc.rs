//! `UserAttributeService`: messages to model and back.
use super::{
    model::{Attribute, Catalogue, Category, Datatype, Mapping, NewAttribute},
    ops,
};
use crate::{ctx::Ctx, error::Error, rpc::Routes};
use gatewright_api::{rpc::user_attribute_service as api, scalekit::v1::user_attributes as pb};
use pb::user_attribute::AdditionalInfo;

type Reply<T> = Result<T, Error>;

/// The rpcs that are built: all of the service.
pub fn routes(routes: &mut Routes) {
    use Catalogue::{Directory, Sso};
    routes.serve::<api::CreateSsoUserAttribute, _, _>(|ctx, request| create(ctx, request, Sso));
    routes.serve::<api::ListSsoUserAttributes, _, _>(|ctx, ()| list(ctx, Sso));
    routes.serve::<api::UpdateSsoUserAttribute, _, _>(|ctx, request| update(ctx, request, Sso));
    routes.serve::<api::DeleteSsoUserAttribute, _, _>(|ctx, request| delete(ctx, request, Sso));
    routes.serve::<api::CreateDirectoryUserAttribute, _, _>(|ctx, request| create(ctx, request, Directory));
    routes.serve::<api::ListDirectoryUserAttributes, _, _>(|ctx, ()| list(ctx, Directory));
    routes.serve::<api::UpdateDirectoryUserAttribute, _, _>(|ctx, request| update(ctx, request, Directory));
    routes.serve::<api::DeleteDirectoryUserAttribute, _, _>(|ctx, request| delete(ctx, request, Directory));
}

async fn create(
    ctx: Ctx,
    request: pb::CreateUserAttributeRequest,
    catalogue: Catalogue,
) -> Reply<pb::CreateUserAttributeResponse> {
    let new = new_attribute(request.user_attribute, catalogue)?;
    let attribute = ops::create(&ctx, catalogue, new).await?;
    Ok(pb::CreateUserAttributeResponse { user_attribute: Some(message(attribute, catalogue)) })
}

async fn list(ctx: Ctx, catalogue: Catalogue) -> Reply<pb::ListUserAttributesResponse> {
    let all = ops::list(&mut ctx.db().read(), ctx.environment().id, catalogue).await?;
    let user_attributes = all.into_iter().map(|attribute| message(attribute, catalogue)).collect();
    Ok(pb::ListUserAttributesResponse { user_attributes })
}

async fn update(
    ctx: Ctx,
    request: pb::UpdateUserAttributeRequest,
    catalogue: Catalogue,
) -> Reply<pb::UpdateUserAttributeResponse> {
    let new = new_attribute(request.user_attribute, catalogue)?;
    let attribute = ops::update(&ctx, catalogue, &request.key, new).await?;
    Ok(pb::UpdateUserAttributeResponse { user_attribute: Some(message(attribute, catalogue)) })
}

async fn delete(ctx: Ctx, request: pb::DeleteUserAttributeRequest, catalogue: Catalogue) -> Reply<()> {
    ops::delete(&ctx, catalogue, &request.key).await
}

fn new_attribute(attribute: Option<pb::UserAttribute>, catalogue: Catalogue) -> Reply<NewAttribute> {
    let attribute = attribute.unwrap_or_default();
    let datatype = match attribute.datatype() {
        pb::UserAttributeDatatype::String => Datatype::String,
        pb::UserAttributeDatatype::Number => Datatype::Number,
        pb::UserAttributeDatatype::Bool => Datatype::Bool,
        pb::UserAttributeDatatype::Array => Datatype::Array,
        pb::UserAttributeDatatype::Object => Datatype::Object,
        pb::UserAttributeDatatype::UnspecifiedDatatype => {
            let text = "must be one of STRING, NUMBER, BOOL, ARRAY, OBJECT";
            return Err(Error::invalid("user_attribute.datatype", "enum.defined_only", text));
        }
    };
    let wrong = |field: &str, text: &'static str| {
        Err(Error::invalid(format!("user_attribute.{field}"), "user_attribute.catalogue", text))
    };
    let mapping = match (attribute.additional_info, catalogue) {
        (Some(AdditionalInfo::SsoAdditionInfo(info)), Catalogue::Sso) => {
            Some(Mapping { saml: info.default_saml_mapping, oidc: info.default_oidc_mapping })
        }
        (Some(AdditionalInfo::SsoAdditionInfo(_)), Catalogue::Directory) => {
            return wrong("sso_addition_info", "is for attributes of profiles, not of directories");
        }
        (Some(AdditionalInfo::DirectoryUserAdditionalInfo(_)), Catalogue::Sso) => {
            return wrong(
                "directory_user_additional_info",
                "is for attributes of directories, not of profiles",
            );
        }
        (Some(AdditionalInfo::DirectoryUserAdditionalInfo(_)), Catalogue::Directory) | (None, _) => None,
    };
    Ok(NewAttribute {
        key: attribute.key,
        label: attribute.label,
        datatype,
        enabled: attribute.enabled,
        required: attribute.required,
        mapping,
    })
}

fn message(attribute: Attribute, catalogue: Catalogue) -> pb::UserAttribute {
    let datatype = match attribute.datatype {
        Datatype::String => pb::UserAttributeDatatype::String,
        Datatype::Number => pb::UserAttributeDatatype::Number,
        Datatype::Bool => pb::UserAttributeDatatype::Bool,
        Datatype::Array => pb::UserAttributeDatatype::Array,
        Datatype::Object => pb::UserAttributeDatatype::Object,
    };
    let category = match attribute.category {
        Category::Standard => pb::UserAttributeCategory::Standard,
        Category::Custom => pb::UserAttributeCategory::Custom,
    };
    let additional_info = match catalogue {
        Catalogue::Sso => AdditionalInfo::SsoAdditionInfo(pb::SsoUserAdditionInfo {
            default_saml_mapping: attribute.mapping.saml,
            default_oidc_mapping: attribute.mapping.oidc,
        }),
        Catalogue::Directory => {
            AdditionalInfo::DirectoryUserAdditionalInfo(pb::DirectoryUserAdditionalInfo {})
        }
    };
    pb::UserAttribute {
        key: attribute.key,
        enabled: attribute.enabled,
        required: attribute.required,
        label: attribute.label,
        datatype: datatype.into(),
        category: category.into(),
        additional_info: Some(additional_info),
    }
}
