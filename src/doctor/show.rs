//! Findings for people and for programs.

use serde_json::json;

use crate::domain::doctor::{Finding, Level, is_well, summary};

/// A line for what is well; what is not also says what to do.
pub fn text(findings: &[Finding]) -> String {
    let mut text = String::new();
    for finding in findings {
        let name = finding.level.name();
        text.push_str(&format!(
            "{name:<8} {}: {}\n",
            finding.subject, finding.text
        ));
        if finding.level != Level::Ok && !finding.remedy.is_empty() {
            text.push_str(&format!("         -> {}\n", finding.remedy));
        }
    }
    text.push_str(&format!("\n{}\n", summary(findings)));
    text
}

/// The same fields as the service's answer has.
pub fn json(findings: &[Finding]) -> String {
    let each = findings.iter().map(|finding| {
        json!({
            "level": finding.level as u8,
            "level_name": finding.level.name(),
            "subject": finding.subject,
            "text": finding.text,
            "remedy": finding.remedy,
        })
    });
    let all = json!({
        "success": is_well(findings),
        "message": summary(findings),
        "findings": each.collect::<Vec<_>>(),
    });
    format!("{all:#}\n")
}
