//! The template of the AWS side, as CloudFormation gets it.

use std::process::Command;

use serde_json::Value;
use stockflow_aws::testing;

use crate::Result;

const TEMPLATE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/template.yaml");
const TRANSFORM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/template/transform.py");

/// `template.yaml` with what AWS makes of its transform.
#[derive(Clone, Debug)]
pub struct Template(Value);

impl Template {
    /// Reads and transforms it.
    ///
    /// # Errors
    /// The translator cannot be installed, or does not like the template.
    pub fn transformed() -> Result<Self> {
        let python = testing::emulator_python()?;
        let output = Command::new(python).args([TRANSFORM, TEMPLATE]).output()?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into());
        }
        Ok(Self(serde_json::from_slice(&output.stdout)?))
    }

    /// All of it.
    #[must_use]
    pub const fn json(&self) -> &Value {
        &self.0
    }

    /// The resource of that name in the template; null if there is none.
    #[must_use]
    pub fn resource(&self, name: &str) -> &Value {
        &self.0["Resources"][name]
    }

    /// The properties of a resource.
    #[must_use]
    pub fn properties(&self, name: &str) -> &Value {
        &self.resource(name)["Properties"]
    }

    /// Names and definitions of all resources of that type, in the order of names.
    pub fn of_type<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = (&'a str, &'a Value)> {
        let resources = self.0["Resources"].as_object().into_iter().flatten();
        resources
            .filter(move |(_, resource)| resource["Type"] == kind)
            .map(|(name, resource)| (name.as_str(), resource))
    }
}
