//! What text in a manifest may look like: the patterns and bounds that the types put into the
//! JSON Schema, each with the words (`x-allowed`) in which an error explains it.
//!
//! The patterns keep to what both Rust's regex and the one of JavaScript editors understand.

use schemars::{Schema, SchemaGenerator, json_schema};

/// Names become parts of the names of containers and images, hence the alphabet and the length.
/// Docker refuses some runs of `_` and `-` in an image's name.
pub const NAME: &str = "^[a-z0-9]+([_-][a-z0-9]+)*$";
pub const NAME_ALLOWED: &str =
    "1 to 40 lower-case letters and digits, with single `_` or `-` between them";

pub const IMAGE: &str = "^([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?/)?\
    [a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*)*\
    (:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(@sha256:[0-9a-f]{64})?$";
pub const IMAGE_ALLOWED: &str = "an image reference, for example ros:jazzy, registry.example.com/team/driver:1.2 or name@sha256:...";

/// `$` is left out so that a `${parameter}` where none is filled in is found at once.
pub const ABSOLUTE_PATH: &str = "^/[^$\\n]*$";
pub const ABSOLUTE_PATH_ALLOWED: &str = "an absolute path in the container, without `$`";

pub const RELATIVE_PATH: &str = "^[^/$\\n][^$\\n]*$";
pub const CONTEXT_ALLOWED: &str = "a path relative to the manifest, for example . or ./driver";
pub const DOCKERFILE_ALLOWED: &str = "a path relative to the context, for example Dockerfile";

/// A path of the machine, or a volume's name.
pub const SOURCE: &str = "^(/[^$\\n]*|\\.\\.?(/[^$\\n]*)?|[A-Za-z0-9][A-Za-z0-9_.-]{1,127})$";
pub const SOURCE_ALLOWED: &str = "an absolute path, a path that starts with ./ or ../, or a volume's name (letters, digits, `_`, `.`, `-`); no `$`";

pub const USER: &str = "^[A-Za-z0-9_][A-Za-z0-9_.-]*(:[A-Za-z0-9_][A-Za-z0-9_.-]*)?$";
pub const USER_ALLOWED: &str = "a user or user:group, by name or number, for example 1000:1000";

pub const SCHEME: &str = "^[a-z][a-z0-9+.-]{0,30}$";
pub const SCHEME_ALLOWED: &str =
    "http, ws or another scheme of URLs: lower-case letters, digits, `+`, `-` and `.`";
pub const RMW: &str = "^rmw_[a-z0-9_]{1,60}$";
pub const RMW_ALLOWED: &str = "rmw_fastrtps_cpp, rmw_cyclonedds_cpp, rmw_connextdds, rmw_zenoh_cpp or another name that starts with rmw_";

pub const STAGE: &str = "^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$";
pub const STAGE_ALLOWED: &str = "a stage's name or number";

const VARIABLE: &str = "^[A-Za-z_][A-Za-z0-9_.-]{0,127}$";
const VARIABLE_ALLOWED: &str = "letters, digits, `_`, `.` and `-`, not starting with a digit";

/// A semantic version. `format` checks it; the pattern is what an editor can do.
pub fn version(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "string",
        "format": "semver",
        "maxLength": 64,
        "pattern": r"^[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$",
        "x-allowed": "three numbers with dots, for example 1.2.0 or 2.0.0-rc.1",
        "examples": ["1.2.0"],
    })
}

/// A range of semantic versions, as Cargo writes them. `format` checks it; the pattern is what an
/// editor can do.
pub fn version_range(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "string",
        "format": "semver-range",
        "maxLength": 128,
        "pattern": VERSION_RANGE,
        "x-allowed": VERSION_RANGE_ALLOWED,
        "examples": ["^1.2"],
        "default": "*",
    })
}

const VERSION_RANGE: &str = "^ *([*xX] *|\
    (=|>=?|<=?|~|\\^)? *[0-9]+(\\.([0-9]+|[*xX])){0,2}(-[0-9A-Za-z.-]+)?(\\+[0-9A-Za-z.-]+)? *\
    (, *(=|>=?|<=?|~|\\^)? *[0-9]+(\\.([0-9]+|[*xX])){0,2}(-[0-9A-Za-z.-]+)?(\\+[0-9A-Za-z.-]+)? *)*)$";
pub const VERSION_RANGE_ALLOWED: &str =
    "a range of versions, for example \"^1.2\", \">=1.2, <2\" or \"=1.2.0\"";

pub const DEPENDENCY_ALLOWED: &str =
    "a mapping, for example {version: \"^1.2\"}, or nothing for any version";

/// Dependencies by alias.
pub fn dependencies(generator: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "maxProperties": 32,
        "x-allowed": "a mapping of aliases, for example `simulator: {version: \"^1.2\"}`",
        "propertyNames": { "pattern": NAME, "x-allowed": NAME_ALLOWED, "maxLength": 40 },
        "additionalProperties": generator.subschema_for::<super::types::Dependency>(),
    })
}

pub const VOLUME_ALLOWED: &str =
    "a mapping, for example {keep: true}, or nothing for one that goes with its deployment";

/// Volumes by name.
pub fn volumes(generator: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "maxProperties": 64,
        "x-allowed": "a mapping of names, for example `recordings: {keep: true}`",
        "propertyNames": { "pattern": NAME, "x-allowed": NAME_ALLOWED, "maxLength": 40 },
        "additionalProperties": generator.subschema_for::<super::types::Volume>(),
    })
}

/// The words of a command line.
pub fn words(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "maxItems": 256,
        "items": { "type": "string", "maxLength": 65536 },
    })
}

/// A name of ROS as it is written: with `${name}` for parameters, so rules look closer at it.
pub fn ros_name(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "maxLength": ROS_NAME_LONGEST })
}

/// Names of ROS.
pub fn ros_names(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "maxItems": 64,
        "items": { "type": "string", "maxLength": ROS_NAME_LONGEST },
    })
}

/// Names of ROS by the names that they take the place of.
pub fn remappings(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "maxProperties": 64,
        "x-allowed": "a mapping of names, for example `scan: /front/scan`",
        "propertyNames": {
            "pattern": "^([A-Za-z_][A-Za-z0-9_]*:)?[~/A-Za-z_][~/A-Za-z0-9_]*$",
            "x-allowed": "a name of a topic or service, for example scan, ~/scan or node_name:scan",
            "maxLength": ROS_NAME_LONGEST,
        },
        "additionalProperties": { "type": "string", "maxLength": ROS_NAME_LONGEST },
    })
}

/// Longer than any name of ROS, for the references in it.
const ROS_NAME_LONGEST: u32 = 1024;

/// Messages a second.
pub fn rate(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "number", "exclusiveMinimum": 0, "maximum": 100_000 })
}

/// Names with texts. Numbers are taken as they are written (`x-text`): 1.20 stays 1.20.
pub fn variables(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "maxProperties": 256,
        "propertyNames": { "pattern": VARIABLE, "x-allowed": VARIABLE_ALLOWED },
        "additionalProperties": {
            "type": ["string", "number", "boolean"],
            "maxLength": 65536,
            "x-allowed": "text, a number, true or false",
            "x-text": true,
        },
    })
}

/// Parameters by name; a name must fit into `${name}`.
pub fn parameters(generator: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "maxProperties": 64,
        "propertyNames": {
            "pattern": "^[A-Za-z_][A-Za-z0-9_]{0,63}$",
            "x-allowed": "1 to 64 letters, digits and `_`, not starting with a digit",
        },
        "additionalProperties": generator.subschema_for::<super::types::Parameter>(),
    })
}

/// Device files of the machine.
pub fn devices(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "maxItems": 64,
        "items": {
            "type": "string",
            "pattern": "^/dev/[^:$]+(:/[^:$]+)?(:[rwm]{1,3})?$",
            "x-allowed": "/dev/NAME, then at will :/PATH/IN/CONTAINER and :rwm (read, write, make)",
        },
    })
}

/// Linux capabilities, by name.
pub fn capabilities(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "maxItems": 64,
        "items": {
            "type": "string",
            "pattern": "^[A-Z][A-Z_]{1,40}$",
            "x-allowed": "a Linux capability in upper case, for example SYS_NICE or CAP_SYS_NICE",
        },
    })
}
