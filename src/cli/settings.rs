//! The settings that flags do not give: from the environment, the project's file, the user's file, in this order; else the default.

use std::fmt;
use std::path::{Path, PathBuf};

use frame::{Error, Result};
use frame_core::IoError;
use frame_io::StoreOptions;
use toml::Value;

use super::Environment;
use super::colour::Colours;
use super::input::usage;

/// The name of a project's file, in the current folder or one above it.
pub(super) const PROJECT_FILE: &str = ".frame.toml";

/// A setting that there is.
#[derive(Debug)]
pub(super) struct Known {
    /// The key in files.
    pub(super) key: &'static str,
    /// The variable of the environment.
    pub(super) variable: &'static str,
    /// What holds if nobody says anything, in words.
    pub(super) default: &'static str,
    from_environment: fn(&Environment) -> Option<&String>,
}

/// Every setting, in the order in which `frame config` shows them.
pub(super) const ALL: &[Known] = &[
    Known { key: "memory", variable: "FRAME_MEMORY", default: "80%", from_environment: |environment| environment.memory.as_ref() },
    Known {
        key: "threads",
        variable: "FRAME_THREADS",
        default: "one per processor",
        from_environment: |environment| environment.threads.as_ref(),
    },
    Known {
        key: "tmpdir",
        variable: "FRAME_TMPDIR",
        default: "TMPDIR, or /var/tmp",
        from_environment: |environment| environment.tmpdir.as_ref(),
    },
    Known { key: "progress", variable: "FRAME_PROGRESS", default: "auto", from_environment: |environment| environment.progress.as_ref() },
];

/// Who says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Origin {
    /// A variable of the environment.
    Variable(&'static str),
    /// The project's file.
    Project(PathBuf),
    /// The user's file.
    User(PathBuf),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable(name) => f.write_str(name),
            Self::Project(path) | Self::User(path) => path.display().fmt(f),
        }
    }
}

/// A value, and who says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Setting {
    pub(super) value: String,
    pub(super) origin: Origin,
}

/// What commands are told beside their flags.
#[derive(Debug, Default)]
pub(super) struct Settings {
    /// Whether the streams are coloured.
    pub(super) colours: Colours,
    /// The folder for temporary files that the system's variable names.
    pub(super) temporary: Option<String>,
    /// What object stores are reached with.
    pub(super) store_options: StoreOptions,
    /// One per entry of [`ALL`]; `None` where the default holds.
    values: Vec<Option<Setting>>,
}

impl Settings {
    /// Looks everywhere.
    ///
    /// # Errors
    /// A usage error for a file that cannot be understood; an i/o error for one that `FRAME_CONFIG` names and that cannot be read.
    pub(super) fn gather(environment: &Environment, colours: Colours) -> Result<Self> {
        let project = project_file().map(|path| read(&path).map(|table| (table, Origin::Project(path)))).transpose()?;
        let user = user_file(environment).map(|path| read(&path).map(|table| (table, Origin::User(path)))).transpose()?;
        let files = [project, user];
        let find = |known: &Known| -> Result<Option<Setting>> {
            if let Some(value) = (known.from_environment)(environment) {
                return Ok(Some(Setting { value: value.clone(), origin: Origin::Variable(known.variable) }));
            }
            let found = files.iter().flatten().find_map(|(table, origin)| Some((table.get(known.key)?, origin)));
            found.map(|(value, origin)| Ok(Setting { value: text(value, known.key, origin)?, origin: origin.clone() })).transpose()
        };
        let (temporary, store_options) = (environment.system_tmpdir.clone(), environment.store_options.clone());
        Ok(Self { colours, temporary, store_options, values: ALL.iter().map(find).collect::<Result<_>>()? })
    }

    /// The setting of this key, unless the default holds.
    pub(super) fn get(&self, key: &str) -> Option<&Setting> {
        ALL.iter().zip(&self.values).find(|(known, _)| known.key == key)?.1.as_ref()
    }
}

/// The project's file: the one in the current folder, or in the nearest folder above it that has one.
fn project_file() -> Option<PathBuf> {
    let folder = std::env::current_dir().ok()?;
    folder.ancestors().map(|folder| folder.join(PROJECT_FILE)).find(|path| path.is_file())
}

/// The user's file, if there is one; what `FRAME_CONFIG` names is taken for there.
fn user_file(environment: &Environment) -> Option<PathBuf> {
    if let Some(path) = &environment.config {
        return Some(PathBuf::from(path));
    }
    let home = || environment.home.as_ref().map(|home| Path::new(home).join(".config"));
    let folder = environment.config_home.as_ref().map(PathBuf::from).filter(|folder| folder.is_absolute()).or_else(home)?;
    Some(folder.join("frame").join("config.toml")).filter(|path| path.is_file())
}

fn read(path: &Path) -> Result<toml::Table> {
    let shown = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|error| Error::new(IoError::new("read", &shown, &error)))?;
    let table: toml::Table =
        text.parse().map_err(|error: toml::de::Error| usage(format!("{shown}: {}", error.message()), "key = \"value\", one per line"))?;
    let keys = || ALL.iter().map(|known| known.key);
    match table.keys().find(|key| keys().all(|known| known != key.as_str())) {
        None => Ok(table),
        Some(key) => {
            let known = keys().collect::<Vec<_>>().join(", ");
            let nearest = frame_core::error::nearest(key, keys()).map(|key| format!("did you mean `{key}`?   ")).unwrap_or_default();
            Err(usage(format!("{shown}: unknown setting `{key}`"), &format!("{nearest}(settings: {known})")))
        }
    }
}

fn text(value: &Value, key: &str, origin: &Origin) -> Result<String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Integer(number) => Ok(number.to_string()),
        _ => Err(usage(format!("{origin}: `{key}` is neither a text nor a whole number"), "memory = \"2G\" or threads = 4")),
    }
}
