//! The node's ROS parameters: declared with a description and a range, checked at the start, and
//! readable with `ros2 param`. r2r's own services know neither descriptions nor ranges.

use r2r::rcl_interfaces::msg::{
    FloatingPointRange, IntegerRange, ListParametersResult, ParameterDescriptor, ParameterType,
    ParameterValue as ValueMessage, SetParametersResult,
};
use r2r::rcl_interfaces::srv::{
    DescribeParameters, GetParameterTypes, GetParameters, ListParameters, SetParameters,
    SetParametersAtomically,
};
use r2r::{ParameterValue, ServiceRequest};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::RosError;
use super::action_server::respond;
use super::node::RosNode;

/// A parameter's value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A text.
    Text(String),
    /// Texts; empty ones do not count, since a parameter file cannot have a list of none.
    Texts(Vec<String>),
    /// A whole number between two, both included.
    Integer(i64, i64, i64),
    /// A number between two, both included.
    Number(f64, f64, f64),
    /// true or false.
    Flag(bool),
}

/// A parameter: its name, what it is for, and its value, which at first is its default.
#[derive(Clone, Debug, PartialEq)]
pub struct Declared {
    /// Its name.
    pub name: &'static str,
    /// What it is for, with its unit.
    pub description: &'static str,
    /// Its value.
    pub value: Value,
}

/// Every parameter of the node.
#[derive(Clone, Debug)]
pub struct Parameters {
    declared: Vec<Declared>,
}

impl Parameters {
    /// Declares parameters, and takes over what the command line and the parameter files set.
    ///
    /// One that is not declared is only warned about: parameter files for `/**` hold those of
    /// other nodes too.
    ///
    /// # Errors
    /// One sentence for each parameter that is of the wrong type or out of its range.
    pub fn declare(node: &mut RosNode, declared: Vec<Declared>) -> Result<Self, Vec<String>> {
        let given: Vec<(String, ParameterValue)> = node
            .inner()
            .params
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .iter()
            .map(|(name, parameter)| (name.clone(), parameter.value.clone()))
            .collect();
        let mut parameters = Self { declared };
        let wrong: Vec<String> = given
            .into_iter()
            .filter_map(|(name, value)| parameters.take_over(&name, &value).err())
            .collect();
        if wrong.is_empty() {
            Ok(parameters)
        } else {
            Err(wrong)
        }
    }

    fn take_over(&mut self, name: &str, given: &ParameterValue) -> Result<(), String> {
        match self.declared.iter_mut().find(|d| d.name == name) {
            Some(declared) => declared.take_over(given),
            None => {
                tracing::warn!("{}; it is ignored", self.unknown(name));
                Ok(())
            }
        }
    }

    fn unknown(&self, name: &str) -> String {
        let closest = self
            .declared
            .iter()
            .map(|d| (strsim::damerau_levenshtein(d.name, name), d.name))
            .min();
        match closest {
            Some((distance, known)) if distance <= 4 => {
                format!("there is no parameter {name:?}; did you mean {known:?}?")
            }
            _ => format!("there is no parameter {name:?}"),
        }
    }

    fn find(&self, name: &str) -> Option<&Declared> {
        self.declared.iter().find(|d| d.name == name)
    }

    /// A text.
    pub fn text(&self, name: &str) -> String {
        match self.find(name).map(|d| &d.value) {
            Some(Value::Text(text)) => text.clone(),
            _ => String::new(),
        }
    }

    /// Texts.
    pub fn texts(&self, name: &str) -> Vec<String> {
        match self.find(name).map(|d| &d.value) {
            Some(Value::Texts(texts)) => {
                let texts = texts.iter().filter(|text| !text.is_empty());
                texts.cloned().collect()
            }
            _ => Vec::new(),
        }
    }

    /// Yes or no.
    pub fn flag(&self, name: &str) -> bool {
        self.find(name).map(|d| &d.value) == Some(&Value::Flag(true))
    }

    /// A number; whole numbers too.
    #[allow(clippy::cast_precision_loss)] // ranges are far below 2^52
    pub fn number(&self, name: &str) -> f64 {
        match self.find(name).map(|d| &d.value) {
            Some(Value::Number(value, ..)) => *value,
            Some(Value::Integer(value, ..)) => *value as f64,
            _ => 0.0,
        }
    }

    /// A whole number that is not negative.
    pub fn count(&self, name: &str) -> usize {
        match self.find(name).map(|d| &d.value) {
            Some(Value::Integer(value, ..)) => usize::try_from(*value).unwrap_or_default(),
            _ => 0,
        }
    }
}

impl Declared {
    #[allow(clippy::cast_precision_loss)] // ranges are far below 2^52
    fn take_over(&mut self, given: &ParameterValue) -> Result<(), String> {
        let name = self.name;
        match (&mut self.value, given) {
            (Value::Text(text), ParameterValue::String(new)) => text.clone_from(new),
            (Value::Texts(texts), ParameterValue::StringArray(new)) => texts.clone_from(new),
            (Value::Flag(flag), ParameterValue::Bool(new)) => *flag = *new,
            (Value::Integer(value, low, high), ParameterValue::Integer(new)) => {
                if !(*low..=*high).contains(new) {
                    return Err(format!(
                        "parameter {name:?} is {new}, but {low} to {high} is allowed"
                    ));
                }
                *value = *new;
            }
            (Value::Number(value, low, high), given) => {
                let new = match given {
                    ParameterValue::Double(new) => *new,
                    ParameterValue::Integer(new) => *new as f64,
                    other => return Err(wrong_type(name, "a number", other)),
                };
                if !(*low..=*high).contains(&new) {
                    return Err(format!(
                        "parameter {name:?} is {new}, but {low} to {high} is allowed"
                    ));
                }
                *value = new;
            }
            (Value::Text(_), other) => return Err(wrong_type(name, "a text", other)),
            (Value::Texts(_), other) => return Err(wrong_type(name, "a list of texts", other)),
            (Value::Flag(_), other) => return Err(wrong_type(name, "true or false", other)),
            (Value::Integer(..), other) => return Err(wrong_type(name, "a whole number", other)),
        }
        Ok(())
    }

    fn message(&self) -> ValueMessage {
        let mut message = ValueMessage {
            type_: self.kind(),
            ..ValueMessage::default()
        };
        match &self.value {
            Value::Text(text) => message.string_value.clone_from(text),
            Value::Texts(texts) => message.string_array_value.clone_from(texts),
            Value::Integer(value, ..) => message.integer_value = *value,
            Value::Number(value, ..) => message.double_value = *value,
            Value::Flag(value) => message.bool_value = *value,
        }
        message
    }

    fn kind(&self) -> u8 {
        match self.value {
            Value::Flag(_) => ParameterType::PARAMETER_BOOL as u8,
            Value::Integer(..) => ParameterType::PARAMETER_INTEGER as u8,
            Value::Number(..) => ParameterType::PARAMETER_DOUBLE as u8,
            Value::Text(_) => ParameterType::PARAMETER_STRING as u8,
            Value::Texts(_) => ParameterType::PARAMETER_STRING_ARRAY as u8,
        }
    }

    fn descriptor(&self) -> ParameterDescriptor {
        let mut descriptor = ParameterDescriptor {
            name: self.name.to_owned(),
            type_: self.kind(),
            description: self.description.to_owned(),
            read_only: true,
            ..ParameterDescriptor::default()
        };
        match self.value {
            Value::Integer(_, from_value, to_value) => {
                descriptor.integer_range.push(IntegerRange {
                    from_value,
                    to_value,
                    step: 1,
                });
            }
            Value::Number(_, from_value, to_value) => {
                let range = FloatingPointRange {
                    from_value,
                    to_value,
                    step: 0.0,
                };
                descriptor.floating_point_range.push(range);
            }
            Value::Text(_) | Value::Texts(_) | Value::Flag(_) => {}
        }
        descriptor
    }
}

fn wrong_type(name: &str, wanted: &str, given: &ParameterValue) -> String {
    format!("parameter {name:?} is {given:?}, but {wanted} is wanted")
}

/// The six services that `ros2 param` calls.
pub struct ParameterServices {
    parameters: Parameters,
    get: mpsc::Receiver<ServiceRequest<GetParameters::Service>>,
    types: mpsc::Receiver<ServiceRequest<GetParameterTypes::Service>>,
    list: mpsc::Receiver<ServiceRequest<ListParameters::Service>>,
    describe: mpsc::Receiver<ServiceRequest<DescribeParameters::Service>>,
    set: mpsc::Receiver<ServiceRequest<SetParameters::Service>>,
    set_all: mpsc::Receiver<ServiceRequest<SetParametersAtomically::Service>>,
}

impl ParameterServices {
    /// The services of a node.
    ///
    /// # Errors
    /// When rcl refuses one.
    pub fn new(node: &mut RosNode, parameters: Parameters) -> Result<Self, RosError> {
        Ok(Self {
            parameters,
            get: node.service("~/get_parameters", GetParameters::Response::default)?,
            types: node.service(
                "~/get_parameter_types",
                GetParameterTypes::Response::default,
            )?,
            list: node.service("~/list_parameters", ListParameters::Response::default)?,
            describe: node.service(
                "~/describe_parameters",
                DescribeParameters::Response::default,
            )?,
            set: node.service("~/set_parameters", SetParameters::Response::default)?,
            set_all: node.service(
                "~/set_parameters_atomically",
                SetParametersAtomically::Response::default,
            )?,
        })
    }

    /// Serves until it is told to stop.
    pub async fn run(mut self, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                Some(request) = self.get.recv() => {
                    let values = each(&request.message.names, |name| self.value(name));
                    respond(request, GetParameters::Response { values });
                }
                Some(request) = self.types.recv() => {
                    let types = each(&request.message.names, |name| self.value(name).type_);
                    respond(request, GetParameterTypes::Response { types });
                }
                Some(request) = self.describe.recv() => {
                    let descriptors = each(&request.message.names, |name| self.describe(name));
                    respond(request, DescribeParameters::Response { descriptors });
                }
                Some(request) = self.list.recv() => {
                    let result = self.names(&request.message.prefixes);
                    respond(request, ListParameters::Response { result });
                }
                Some(request) = self.set.recv() => {
                    let parameters = &request.message.parameters;
                    let results = parameters.iter().map(|p| self.refuse(&p.name)).collect();
                    respond(request, SetParameters::Response { results });
                }
                Some(request) = self.set_all.recv() => {
                    let first = request.message.parameters.first();
                    let result = first.map_or_else(accepted, |p| self.refuse(&p.name));
                    respond(request, SetParametersAtomically::Response { result });
                }
            }
        }
    }

    fn value(&self, name: &str) -> ValueMessage {
        self.parameters
            .find(name)
            .map(Declared::message)
            .unwrap_or_default()
    }

    fn describe(&self, name: &str) -> ParameterDescriptor {
        self.parameters.find(name).map_or_else(
            || ParameterDescriptor {
                name: name.to_owned(),
                ..ParameterDescriptor::default()
            },
            Declared::descriptor,
        )
    }

    fn names(&self, prefixes: &[String]) -> ListParametersResult {
        let wanted = |name: &str| {
            prefixes.is_empty()
                || prefixes
                    .iter()
                    .any(|p| name == p || name.starts_with(&format!("{p}.")))
        };
        let names = self.parameters.declared.iter().map(|d| d.name);
        ListParametersResult {
            names: names
                .filter(|name| wanted(name))
                .map(str::to_owned)
                .collect(),
            prefixes: Vec::new(),
        }
    }

    fn refuse(&self, name: &str) -> SetParametersResult {
        let reason = match self.parameters.find(name) {
            Some(_) => format!(
                "parameter {name:?} is read-only; set it in the parameter file and start shipmate again"
            ),
            None => self.parameters.unknown(name),
        };
        SetParametersResult {
            successful: false,
            reason,
        }
    }
}

fn accepted() -> SetParametersResult {
    SetParametersResult {
        successful: true,
        reason: String::new(),
    }
}

fn each<T>(names: &[String], make: impl Fn(&str) -> T) -> Vec<T> {
    names.iter().map(|name| make(name)).collect()
}
