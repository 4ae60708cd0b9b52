//! The master key: seals what must be readable again, and derives the keys that authenticate opaque values.
//!
//! It lives in a file of its own, apart from the database, so that a copy of the database alone opens nothing.
use crate::{entropy, error::Error, secret::Secret};
use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    constant_time, digest, hkdf, hmac,
};
use std::{fs, io::Write as _, os::unix::fs::OpenOptionsExt as _, path::Path};

const VERSION: u8 = 1;
const KEY_ID_BYTES: usize = 4;
const NONCE_BYTES: usize = 12;
const HEADER_BYTES: usize = 1 + KEY_ID_BYTES;

/// Why the master key cannot be used; the text says what to do.
#[derive(Debug, thiserror::Error)]
pub enum MasterKeyError {
    /// The file is not there, and may not be made, because the database was sealed under another key.
    #[error(
        "the master key {path} is missing, but the database was made with one\n  help: restore that file (or point security.master_key_file at it); without it the signing keys cannot be opened"
    )]
    Missing {
        /// Where it should be.
        path: String,
    },
    /// The file cannot be read or written.
    #[error(
        "the master key {path} cannot be {action}: {source}\n  help: give this user the right to read and write there, or choose another file with security.master_key_file"
    )]
    File {
        /// The file.
        path: String,
        /// `read` or `created`.
        action: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is not 64 hexadecimal digits.
    #[error(
        "the master key {path} must hold 64 hexadecimal digits (32 bytes)\n  help: restore the file that this database was made with"
    )]
    Malformed {
        /// The file.
        path: String,
    },
}

/// What an encrypted value belongs to, so that it opens nowhere else: table and column, and the row's id.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// `table.column`
    pub column: &'static str,
    /// Number of the row.
    pub row: i64,
}

/// Seals and opens secrets, and derives keys, all from the master key.
pub struct Vault {
    key: LessSafeKey,
    key_id: [u8; KEY_ID_BYTES],
    page_tokens: hmac::Key,
    tags: hmac::Key,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vault(…)")
    }
}

impl Vault {
    /// Reads the master key from `path`. With `create`, a missing file is made with a new key, readable by its owner
    /// only.
    ///
    /// # Errors
    /// [`MasterKeyError`]
    pub fn open_file(path: &Path, create: bool) -> Result<Self, MasterKeyError> {
        let shown = path.display().to_string();
        let failed = |action| {
            let path = shown.clone();
            move |source| MasterKeyError::File { path, action, source }
        };
        if !path.exists() {
            if !create {
                return Err(MasterKeyError::Missing { path: shown });
            }
            let key =
                entropy::bytes::<32>().map_err(|_| MasterKeyError::Malformed { path: shown.clone() })?;
            let written = write_new(path, &hex(&key));
            // Two nodes that share the folder may start together: the first one's file counts for both.
            if let Err(error) = written
                && error.kind() != std::io::ErrorKind::AlreadyExists
            {
                return Err(failed("created")(error));
            }
        }
        let text = Secret::new(fs::read_to_string(path).map_err(failed("read"))?);
        let bytes = unhex(text.expose().trim()).ok_or(MasterKeyError::Malformed { path: shown.clone() })?;
        Self::new(bytes.expose()).map_err(|_| MasterKeyError::Malformed { path: shown })
    }

    /// From the 32 bytes of a master key.
    ///
    /// # Errors
    /// `INTERNAL` if a key cannot be derived.
    pub fn new(master: &[u8; 32]) -> Result<Self, Error> {
        let derive = |purpose: &[u8]| -> Result<[u8; 32], Error> {
            let mut key = [0; 32];
            hkdf::Salt::new(hkdf::HKDF_SHA256, b"gatewright")
                .extract(master)
                .expand(&[purpose], hkdf::HKDF_SHA256)
                .and_then(|output| output.fill(&mut key))
                .map_err(|_| Error::internal("a key cannot be derived"))?;
            Ok(key)
        };
        let sealing = UnboundKey::new(&AES_256_GCM, &derive(b"seal")?)
            .map_err(|_| Error::internal("the sealing key is not usable"))?;
        let mut key_id = [0; KEY_ID_BYTES];
        for (to, from) in key_id.iter_mut().zip(derive(b"id")?) {
            *to = from;
        }
        Ok(Self {
            key: LessSafeKey::new(sealing),
            key_id,
            page_tokens: hmac::Key::new(hmac::HMAC_SHA256, &derive(b"page tokens")?),
            tags: hmac::Key::new(hmac::HMAC_SHA256, &derive(b"tags")?),
        })
    }

    /// Encrypts with AES-256-GCM: version, key id, nonce, ciphertext, tag.
    ///
    /// # Errors
    /// `INTERNAL`
    pub fn seal(&self, place: Place, plaintext: &[u8]) -> Result<Vec<u8>, Error> {
        let nonce = entropy::bytes::<NONCE_BYTES>()?;
        let mut sealed = Vec::with_capacity(HEADER_BYTES + NONCE_BYTES + plaintext.len() + 16);
        sealed.push(VERSION);
        sealed.extend_from_slice(&self.key_id);
        sealed.extend_from_slice(&nonce);
        let mut body = plaintext.to_vec();
        self.key
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), associated_data(place), &mut body)
            .map_err(|_| Error::internal("sealing failed"))?;
        sealed.extend_from_slice(&body);
        Ok(sealed)
    }

    /// Decrypts what [`Vault::seal`] made for the same place.
    ///
    /// # Errors
    /// `INTERNAL` with a source that tells a wrong master key from a damaged value.
    pub fn open(&self, place: Place, sealed: &[u8]) -> Result<Secret<Vec<u8>>, Error> {
        let damaged = || Error::internal(format!("{} of row {} is damaged", place.column, place.row));
        let (header, rest) = sealed.split_at_checked(HEADER_BYTES).ok_or_else(damaged)?;
        let (nonce, body) = rest.split_at_checked(NONCE_BYTES).ok_or_else(damaged)?;
        if header.first() != Some(&VERSION) {
            return Err(damaged());
        }
        if header.get(1..) != Some(&self.key_id) {
            return Err(Error::internal(format!("{} was sealed under another master key", place.column)));
        }
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| damaged())?;
        let mut body = body.to_vec();
        let plaintext =
            self.key.open_in_place(nonce, associated_data(place), &mut body).map_err(|_| damaged())?.to_vec();
        Ok(Secret::new(plaintext))
    }

    /// Authenticates a page token.
    pub fn page_token_tag(&self, content: &[u8]) -> [u8; 16] {
        let tag = hmac::sign(&self.page_tokens, content);
        let mut short = [0; 16];
        for (to, from) in short.iter_mut().zip(tag.as_ref()) {
            *to = *from;
        }
        short
    }

    /// A keyed hash for one place, under which secrets are stored that are short enough to try all.
    pub fn tag(&self, place: Place, secret: &[u8]) -> Vec<u8> {
        let mut content = format!("{}|{}|", place.column, place.row).into_bytes();
        content.extend_from_slice(secret);
        hmac::sign(&self.tags, &content).as_ref().to_vec()
    }
}

/// SHA-256, under which random secrets are stored and looked up.
pub fn hash(secret: &str) -> Vec<u8> {
    digest::digest(&digest::SHA256, secret.as_bytes()).as_ref().to_vec()
}

/// Compares without telling by the time it takes where the difference is.
pub fn equal(left: &[u8], right: &[u8]) -> bool {
    constant_time::verify_slices_are_equal(left, right).is_ok()
}

fn associated_data(place: Place) -> Aad<Vec<u8>> {
    Aad::from(format!("{}|{}", place.column, place.row).into_bytes())
}

/// Writes a file that is not there yet, in one step: who finds it finds all of it.
fn write_new(path: &Path, text: &str) -> std::io::Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}", entropy::token().map_err(std::io::Error::other)?));
    let unfinished = std::path::PathBuf::from(name);
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished)?;
    let written = file.write_all(format!("{text}\n").as_bytes()).and_then(|()| file.sync_all());
    // Unlike a rename, a link fails if the name is taken; but not every file system has links.
    let named = written.and_then(|()| match fs::hard_link(&unfinished, path) {
        Err(_) if !path.exists() => fs::rename(&unfinished, path),
        linked => linked,
    });
    let _ = fs::remove_file(&unfinished);
    named
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Secret<[u8; 32]>> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(index * 2..index * 2 + 2)?, 16).ok()?;
    }
    Some(Secret::new(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: Place = Place { column: "signing_keys.private_key_sealed", row: 7 };

    #[test]
    fn opens_what_it_sealed_in_the_same_place_only() {
        let vault = Vault::new(&[1; 32]).unwrap();
        let sealed = vault.seal(PLACE, b"secret").unwrap();
        assert_eq!(vault.open(PLACE, &sealed).unwrap().expose(), b"secret");
        assert!(vault.open(Place { row: 8, ..PLACE }, &sealed).is_err());
        assert!(vault.open(Place { column: "other", ..PLACE }, &sealed).is_err());
        assert!(!sealed.windows(6).any(|bytes| bytes == b"secret"));
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(vault.open(PLACE, &changed).is_err(), "byte {at}");
            assert!(vault.open(PLACE, &sealed[..at]).is_err(), "{at} bytes");
        }
    }

    #[test]
    fn tags_are_of_one_place_and_one_key() {
        let vault = Vault::new(&[1; 32]).unwrap();
        let tag = vault.tag(PLACE, b"424242");
        assert_eq!(tag, vault.tag(PLACE, b"424242"));
        assert_ne!(tag, vault.tag(PLACE, b"424243"));
        assert_ne!(tag, vault.tag(Place { row: 8, ..PLACE }, b"424242"));
        assert_ne!(tag, Vault::new(&[2; 32]).unwrap().tag(PLACE, b"424242"));
    }

    #[test]
    fn says_when_the_master_key_is_another_one() {
        let sealed = Vault::new(&[1; 32]).unwrap().seal(PLACE, b"secret").unwrap();
        let error = Vault::new(&[2; 32]).unwrap().open(PLACE, &sealed).unwrap_err();
        let source = std::error::Error::source(&error).unwrap().to_string();
        assert!(source.contains("another master key"), "{source}");
    }

    #[test]
    fn makes_the_file_once_and_only_where_it_may() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        assert!(matches!(Vault::open_file(&path, false), Err(MasterKeyError::Missing { .. })));
        let first = Vault::open_file(&path, true).unwrap();
        let sealed = first.seal(PLACE, b"x").unwrap();
        assert!(Vault::open_file(&path, true).unwrap().open(PLACE, &sealed).is_ok());
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::write(&path, "not a key").unwrap();
        assert!(matches!(Vault::open_file(&path, true), Err(MasterKeyError::Malformed { .. })));
    }
}
