//! Images and fonts of hosted pages: kept in the database, so that every node has them. Who may upload one gets a URL
//! that takes it, once and soon; anybody may fetch it.
use super::{model::Environment, ops};
use crate::{
    app::App,
    ctx::Ctx,
    entropy,
    error::Error,
    ids::{AssetId, EnvironmentId},
    sql, vault,
};
use std::time::Duration;

/// Most bytes of a file.
pub const MAX_BYTES: usize = 2 * 1024 * 1024;
/// How long an upload is waited for.
const UPLOAD_WITHIN: Duration = Duration::from_secs(15 * 60);

/// What a file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AssetCategory {
    /// An image.
    Image,
    /// A font.
    Font,
}

/// A kind of file: extension, category, media type, and the bytes that it begins with.
struct Format(&'static str, AssetCategory, &'static str, &'static [&'static [u8]]);

const FORMATS: &[Format] = &[
    Format("jpg", AssetCategory::Image, "image/jpeg", &[b"\xff\xd8\xff"]),
    Format("jpeg", AssetCategory::Image, "image/jpeg", &[b"\xff\xd8\xff"]),
    Format("png", AssetCategory::Image, "image/png", &[b"\x89PNG\r\n\x1a\n"]),
    Format("woff", AssetCategory::Font, "font/woff", &[b"wOFF"]),
    Format("woff2", AssetCategory::Font, "font/woff2", &[b"wOF2"]),
    Format("ttf", AssetCategory::Font, "font/ttf", &[b"\0\x01\0\0", b"true"]),
];

fn format(extension: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.0 == extension)
}

/// Where a file is sent to, and where it is afterwards.
#[derive(Debug)]
pub struct AssetUrls {
    /// For `PUT`.
    pub upload: String,
    /// For `GET`.
    pub fetch: String,
}

/// A place for a file that is still to be uploaded.
///
/// # Errors
/// `NOT_FOUND`; `INVALID_ARGUMENT` for a kind of file that the category does not have.
pub async fn create(
    ctx: &Ctx,
    id: EnvironmentId,
    category: AssetCategory,
    extension: &str,
) -> Result<AssetUrls, Error> {
    let environment = ops::named(ctx, id).await?;
    if format(extension).is_none_or(|format| format.1 != category) {
        let text = "must be jpg, jpeg or png for an image, woff, woff2 or ttf for a font";
        return Err(Error::invalid("asset_settings.extension", "string.in", text));
    }
    let (token, now) = (entropy::token()?, ctx.now());
    let asset: AssetId = ctx.new_id();
    let mut tx = ctx.db().write().await?;
    sql!("DELETE FROM assets WHERE environment_id = $1 AND content IS NULL AND upload_until <= $2")
        .bind(environment.id)
        .bind(now)
        .execute(&mut tx)
        .await?;
    sql!(
        "INSERT INTO assets (environment_id, id, extension, upload_hash, upload_until, created_at)
         VALUES ($1, $2, $3, $4, $5, $6)"
    )
    .bind(environment.id)
    .bind(asset)
    .bind(extension)
    .bind(vault::hash(&token))
    .bind(now.plus(UPLOAD_WITHIN))
    .bind(now)
    .execute(&mut tx)
    .await?;
    tx.commit().await?;
    let fetch = format!("{}/assets/{asset}.{extension}", environment.url);
    Ok(AssetUrls { upload: format!("{fetch}?token={token}"), fetch })
}

/// Keeps a file that was sent to the URL of its upload. `name` is the last part of the path.
///
/// # Errors
/// `NOT_FOUND` for a URL that takes nothing, or not any more; `INVALID_ARGUMENT` for a file of another kind.
pub async fn upload(
    app: &App,
    environment: &Environment,
    name: &str,
    token: &str,
    content: &[u8],
) -> Result<(), Error> {
    let (id, format) = parse(name)?;
    if !format.3.iter().any(|start| content.starts_with(start)) {
        return Err(Error::invalid(
            "body",
            "asset.content",
            format!("must be a file of the kind {}", format.0),
        ));
    }
    let mut tx = app.db.write().await?;
    let kept = sql!(
        "UPDATE assets SET content = $5 WHERE environment_id = $1 AND id = $2 AND extension = $3 AND content IS NULL
             AND upload_hash = $4 AND upload_until > $6"
    )
    .bind(environment.id)
    .bind(id)
    .bind(format.0)
    .bind(vault::hash(token))
    .bind(content)
    .bind(app.clock.now())
    .execute(&mut tx)
    .await?;
    if kept == 0 {
        return Err(not_found(name));
    }
    tx.commit().await
}

/// A file.
#[derive(Debug)]
pub struct Asset {
    /// `image/png`
    pub media_type: &'static str,
    /// Its bytes.
    pub content: Vec<u8>,
}

/// A file that was uploaded. `name` is the last part of the path.
///
/// # Errors
/// `NOT_FOUND`
pub async fn fetch(app: &App, environment: &Environment, name: &str) -> Result<Asset, Error> {
    let (id, format) = parse(name)?;
    let found: Option<Vec<u8>> = sql!(
        "SELECT content FROM assets
         WHERE environment_id = $1 AND id = $2 AND extension = $3 AND content IS NOT NULL"
    )
    .bind(environment.id)
    .bind(id)
    .bind(format.0)
    .optional(&mut app.db.read())
    .await?;
    let content = found.ok_or_else(|| not_found(name))?;
    Ok(Asset { media_type: format.2, content })
}

/// `asset_….png`
fn parse(name: &str) -> Result<(AssetId, &'static Format), Error> {
    let found = name.split_once('.').and_then(|(id, extension)| {
        let id: AssetId = id.parse().ok()?;
        Some((id, format(extension)?))
    });
    found.ok_or_else(|| not_found(name))
}

fn not_found(name: &str) -> Error {
    let shown: String = name.chars().filter(|letter| !letter.is_control()).take(64).collect();
    Error::not_found(format!("asset {shown}"))
}
