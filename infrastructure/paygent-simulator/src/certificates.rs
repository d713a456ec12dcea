//! The certificates of a simulator: a CA, the server's certificate and one client certificate.

use std::{
    fs::{self, File, OpenOptions},
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};

use crate::error::{Result, SimulatorError};

/// Where the certificates of a simulator lie.
#[derive(Debug, Clone)]
pub struct Certificates {
    directory: PathBuf,
}

impl Certificates {
    /// Uses the certificates in `directory`, or makes a full new set when one of the files is missing.
    ///
    /// The CA's own key is not kept, so a set is only ever replaced as a whole. Several processes may call this on
    /// the same folder at once.
    pub fn ensure(directory: impl Into<PathBuf>) -> Result<Self> {
        let directory = directory.into();
        fs::create_dir_all(&directory).map_err(|source| SimulatorError::File {
            action: "create the folder",
            path: directory.clone(),
            source,
        })?;
        let set = Self { directory };
        let lock_path = set.directory.join(".lock");
        let lock = File::create(&lock_path).and_then(|file| file.lock().map(|()| file));
        let _held = lock.map_err(|source| SimulatorError::File { action: "lock", path: lock_path, source })?;
        let all = [set.ca(), set.client(), set.server(), set.server_key()];
        if !all.iter().all(|file| file.exists()) {
            set.make()?;
        }
        Ok(set)
    }

    /// `ca.pem`, the bundle a client checks the server with.
    pub fn ca(&self) -> PathBuf {
        self.directory.join("ca.pem")
    }

    /// `client.pem`, the client's certificate followed by its PKCS#8 key.
    pub fn client(&self) -> PathBuf {
        self.directory.join("client.pem")
    }

    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    pub(crate) fn server(&self) -> PathBuf {
        self.directory.join("server.pem")
    }

    pub(crate) fn server_key(&self) -> PathBuf {
        self.directory.join("server.key")
    }

    fn make(&self) -> Result<()> {
        let set = generate().map_err(|error| SimulatorError::Certificates {
            directory: self.directory.clone(),
            reason: error.to_string(),
        })?;
        write(&self.ca(), &set.ca, 0o644)?;
        write(&self.server(), &set.server, 0o644)?;
        write(&self.server_key(), &set.server_key, 0o600)?;
        write(&self.client(), &set.client, 0o600)
    }
}

struct Generated {
    ca: String,
    server: String,
    server_key: String,
    client: String,
}

fn generate() -> std::result::Result<Generated, rcgen::Error> {
    let ca_key = KeyPair::generate()?;
    let mut ca_params = CertificateParams::new(Vec::new())?;
    ca_params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    ca_params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    ca_params.distinguished_name.push(DnType::CommonName, "Paygent simulator CA");
    let ca = ca_params.self_signed(&ca_key)?;
    let issuer = Issuer::new(ca_params, ca_key);

    let server_key = KeyPair::generate()?;
    let mut server_params = CertificateParams::new(vec!["localhost".to_owned(), "127.0.0.1".to_owned()])?;
    server_params.distinguished_name.push(DnType::CommonName, "localhost");
    server_params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let server = server_params.signed_by(&server_key, &issuer)?;

    let client_key = KeyPair::generate()?;
    let mut client_params = CertificateParams::new(Vec::new())?;
    client_params.distinguished_name.push(DnType::CommonName, "Paygent simulator client");
    client_params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let client = client_params.signed_by(&client_key, &issuer)?;

    Ok(Generated {
        ca: ca.pem(),
        server: server.pem(),
        server_key: server_key.serialize_pem(),
        client: client.pem() + &client_key.serialize_pem(),
    })
}

fn write(path: &Path, text: &str, mode: u32) -> Result<()> {
    // Created anew under its final mode: a key must not be readable by others even for a moment.
    let _ = fs::remove_file(path);
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|source| SimulatorError::File { action: "write", path: path.to_owned(), source })
}
