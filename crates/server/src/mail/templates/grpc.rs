//! `EmailService`, the half about templates: messages to model and back.
use super::{
    super::message::{self, Rendered},
    Parts, Template,
    ops::{self, Update},
    store::Scope,
    use_cases::{Placeholder, TemplateUseCase},
};
use crate::{
    ctx::Ctx,
    error::Error,
    ids::{self, EmailTemplateId},
    rpc::Routes,
    update::Mask,
};
use gatewright_api::{rpc::email_service as api, scalekit::v1::emails as pb};

type Reply<T> = Result<T, Error>;

/// The rpcs about templates.
pub fn routes(routes: &mut Routes) {
    routes.serve::<api::GetTemplatePlaceholders, _, _>(placeholders);
    routes.serve::<api::GetTemplateUseCases, _, _>(use_cases);
    routes.serve::<api::CreateEmailTemplate, _, _>(create);
    routes.serve::<api::GetEmailTemplate, _, _>(get);
    routes.serve::<api::ListEmailTemplates, _, _>(list);
    routes.serve::<api::UpdateEmailTemplate, _, _>(update);
    routes.serve::<api::EnableEmailTemplate, _, _>(enable);
    routes.serve::<api::DisableEmailTemplate, _, _>(disable);
    routes.serve::<api::DeleteEmailTemplate, _, _>(delete);
}

async fn placeholders(_: Ctx, request: pb::GetPlaceholdersRequest) -> Reply<pb::GetPlaceholdersResponse> {
    let use_case = use_case("use_case", request.use_case())?;
    Ok(pb::GetPlaceholdersResponse { placeholders: names(use_case) })
}

async fn use_cases(_: Ctx, (): ()) -> Reply<pb::GetTemplateUseCasesResponse> {
    let one = |use_case: TemplateUseCase| {
        let parts = mail_in_words(use_case)?;
        Ok::<_, Error>(pb::TemplateUsecaseWithPlaceholders {
            use_case: number(use_case),
            title: use_case.title().to_owned(),
            description: use_case.description().to_owned(),
            placeholders: use_case.placeholders().map(placeholder).collect(),
            display: use_case.is_sent(),
            default_template: Some(pb::Template {
                use_case: number(use_case),
                enabled: true,
                placeholders: names(use_case),
                subject: parts.subject,
                html_content: parts.html,
                plain_content: parts.text,
                ..Default::default()
            }),
        })
    };
    let use_cases = TemplateUseCase::ALL.into_iter().map(one).collect::<Result<_, _>>()?;
    Ok(pb::GetTemplateUseCasesResponse { use_cases })
}

async fn create(ctx: Ctx, request: pb::CreateEmailTemplateRequest) -> Reply<pb::CreateEmailTemplateResponse> {
    let new = request.template.unwrap_or_default();
    let use_case = use_case("template.use_case", new.use_case())?;
    let parts = Parts { subject: new.subject, html: new.html_content, plain: new.plain_content };
    let template = ops::create(&ctx, scope(&request.organization_id)?, use_case, parts).await?;
    Ok(pb::CreateEmailTemplateResponse { template: Some(message(template)) })
}

async fn get(ctx: Ctx, request: pb::GetEmailTemplateRequest) -> Reply<pb::GetEmailTemplateResponse> {
    let template = ops::get(&ctx, scope(&request.organization_id)?, id(&request.template_id)?).await?;
    Ok(pb::GetEmailTemplateResponse { template: Some(message(template)) })
}

async fn list(ctx: Ctx, request: pb::ListEmailTemplateRequest) -> Reply<pb::ListEmailTemplateResponse> {
    let templates = ops::list(&ctx, scope(&request.organization_id)?).await?;
    Ok(pb::ListEmailTemplateResponse { templates: templates.into_iter().map(message).collect() })
}

async fn update(ctx: Ctx, request: pb::PatchEmailTemplateRequest) -> Reply<pb::GetEmailTemplateResponse> {
    let known = ["subject", "html_content", "plain_content"];
    let mask = Mask::parse(request.update_mask, "template", &known, &[])?;
    let new = request.template.unwrap_or_default();
    let update = Update {
        subject: mask.string("subject", new.subject),
        html: mask.string("html_content", new.html_content),
        plain: mask.string("plain_content", new.plain_content),
    };
    let (scope, id) = (scope(&request.organization_id)?, id(&request.template_id)?);
    let template = ops::update(&ctx, scope, id, update).await?;
    Ok(pb::GetEmailTemplateResponse { template: Some(message(template)) })
}

async fn enable(ctx: Ctx, request: pb::EnableEmailTemplateRequest) -> Reply<pb::EnableEmailTemplateResponse> {
    let id = id(&request.template_id)?;
    let before = ops::enable(&ctx, scope(&request.organization_id)?, id).await?;
    Ok(pb::EnableEmailTemplateResponse {
        active_template_id: Some(id.to_string()),
        last_active_template_id: before.map(|id| id.to_string()),
    })
}

async fn disable(ctx: Ctx, request: pb::DisableEmailTemplateRequest) -> Reply<()> {
    ops::disable(&ctx, scope(&request.organization_id)?, id(&request.template_id)?).await
}

async fn delete(ctx: Ctx, request: pb::DeleteEmailTemplateRequest) -> Reply<()> {
    ops::delete(&ctx, scope(&request.organization_id)?, id(&request.template_id)?).await
}

fn id(text: &str) -> Reply<EmailTemplateId> {
    ids::parse("template_id", text)
}

/// Nothing, and `-` in a path, stand for the environment.
fn scope(organization: &str) -> Reply<Scope> {
    match organization {
        "" | "-" => Ok(None),
        id => ids::parse("organization_id", id).map(Some),
    }
}

/// By its name, which both have.
fn use_case(field: &'static str, use_case: pb::TemplateUsecase) -> Reply<TemplateUseCase> {
    TemplateUseCase::parse(use_case.as_str_name())
        .map_err(|_| Error::invalid(field, "required", "must be a use case, such as USER_INVITE"))
}

fn number(use_case: TemplateUseCase) -> i32 {
    pb::TemplateUsecase::from_str_name(use_case.as_str()).unwrap_or_default().into()
}

/// What we say ourselves, written as a template.
fn mail_in_words(use_case: TemplateUseCase) -> Reply<Rendered> {
    let names: Vec<_> = use_case.placeholders().map(|placeholder| placeholder.name).collect();
    message::as_template(use_case.like(), names.contains(&"otp"), names.contains(&"link"))
}

fn names(use_case: TemplateUseCase) -> Vec<String> {
    use_case.placeholders().map(|placeholder| placeholder.name.to_owned()).collect()
}

fn placeholder(placeholder: &Placeholder) -> pb::Placeholder {
    pb::Placeholder {
        name: placeholder.name.to_owned(),
        title: placeholder.title.to_owned(),
        description: placeholder.description.to_owned(),
        display: true,
        category: placeholder.category.to_owned(),
        category_priority: placeholder.category_priority,
    }
}

fn message(template: Template) -> pb::Template {
    pb::Template {
        updated_at: Some(template.updated_at.into()),
        id: template.id.to_string(),
        use_case: number(template.use_case),
        enabled: template.enabled,
        subject: template.parts.subject,
        html_content: template.parts.html,
        plain_content: template.parts.plain,
        placeholders: names(template.use_case),
    }
}
