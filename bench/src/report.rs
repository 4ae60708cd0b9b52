//! The table that is the result.
use anyhow::Result;
use serde_json::json;
use std::{
    fmt::Write as _,
    io::{self, IsTerminal as _, Write as _},
    time::Instant,
};

/// Which way a figure is to go.
#[derive(Clone, Copy, Debug)]
pub enum Goal {
    /// To reach, to aim at; less is better.
    AtMost(f64, f64),
    /// To reach, to aim at; more is better.
    AtLeast(f64, f64),
    /// Only to aim at; more is better.
    AimAtLeast(f64),
    /// Only to aim at; less is better.
    AimAtMost(f64),
}

/// A number with its unit.
#[derive(Clone, Copy, Debug)]
pub struct Figure(pub f64, pub &'static str);

/// One measurement.
#[derive(Debug)]
pub struct Row {
    /// What was measured.
    pub name: String,
    /// The result. None: it could not be measured, `note` says why.
    pub measured: Option<Figure>,
    /// What it is compared with, measured in the same run.
    pub limit: Option<Figure>,
    /// Applies to the ratio if there is a limit, or else to the figure itself.
    pub goal: Option<Goal>,
    /// A few words more.
    pub note: String,
}

/// All rows of a run.
#[derive(Debug, Default)]
pub struct Report(Vec<Row>);

impl Row {
    /// A figure on its own.
    pub fn new(name: impl Into<String>, value: f64, unit: &'static str) -> Self {
        let measured = Some(Figure(value, unit));
        Self { name: name.into(), measured, limit: None, goal: None, note: String::new() }
    }

    /// A figure that is not there.
    pub fn missing(name: impl Into<String>, why: impl Into<String>) -> Self {
        Self { name: name.into(), measured: None, limit: None, goal: None, note: why.into() }
    }

    /// With a limit of the same unit.
    pub fn beside(mut self, limit: f64) -> Self {
        self.limit = self.measured.map(|Figure(_, unit)| Figure(limit, unit));
        self
    }

    /// With a goal.
    pub fn goal(mut self, goal: Goal) -> Self {
        self.goal = Some(goal);
        self
    }

    /// With a few words more.
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }

    fn ratio(&self) -> Option<f64> {
        let (Figure(measured, _), Figure(limit, _)) = (self.measured?, self.limit?);
        Some(measured / limit)
    }

    /// Whether the goals to reach and to aim at are met; none without a goal.
    fn verdict(&self) -> Option<(bool, bool)> {
        let value = self.ratio().or(self.measured.map(|Figure(value, _)| value))?;
        Some(match self.goal? {
            Goal::AtMost(reach, aim) => (value <= reach, value <= aim),
            Goal::AtLeast(reach, aim) => (value >= reach, value >= aim),
            Goal::AimAtLeast(aim) => (true, value >= aim),
            Goal::AimAtMost(aim) => (true, value <= aim),
        })
    }

    fn cells(&self) -> [String; 6] {
        let figure = |figure: Option<Figure>| figure.map_or_else(String::new, |f| f.to_string());
        let goal = match self.goal {
            None => String::new(),
            Some(Goal::AtMost(reach, aim)) => format!("≤ {reach} / {aim}"),
            Some(Goal::AtLeast(reach, aim)) => format!("≥ {reach} / {aim}"),
            Some(Goal::AimAtLeast(aim)) => format!("  – / ≥ {aim}"),
            Some(Goal::AimAtMost(aim)) => format!("  – / ≤ {aim}"),
        };
        let verdict = match (self.goal, self.verdict()) {
            (None, _) => "",
            (Some(_), None) => "✗ not measured",
            (Some(_), Some((false, _))) => "✗",
            (Some(Goal::AimAtLeast(_)), Some((true, false))) => "– below aim",
            (Some(Goal::AimAtMost(_)), Some((true, false))) => "– above aim",
            (Some(_), Some((true, false))) => "✓",
            (Some(_), Some((true, true))) => "✓ aim",
        };
        [
            self.name.clone(),
            figure(self.measured),
            figure(self.limit),
            self.ratio().map_or_else(String::new, |ratio| format!("{ratio:.2}")),
            goal,
            verdict.to_owned(),
        ]
    }
}

impl std::fmt::Display for Figure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self(value, unit) = self;
        match value.abs() {
            large if large >= 100.0 => write!(f, "{value:.0} {unit}"),
            large if large >= 10.0 => write!(f, "{value:.1} {unit}"),
            _ => write!(f, "{value:.2} {unit}"),
        }
    }
}

impl Report {
    /// Adds a row, and says on stderr that it is done.
    pub fn add(&mut self, row: Row) {
        let value = row.measured.map_or_else(|| row.note.clone(), |figure| figure.to_string());
        progress(&format!("  {}: {value}", row.name));
        self.0.push(row);
    }

    /// Whether every goal to reach is reached. A goal without a figure is not.
    pub fn reached(&self) -> bool {
        self.0
            .iter()
            .filter(|row| {
                row.goal.is_some_and(|goal| !matches!(goal, Goal::AimAtLeast(_) | Goal::AimAtMost(_)))
            })
            .all(|row| row.verdict().is_some_and(|(reached, _)| reached))
    }

    /// For people.
    pub fn table(&self) -> String {
        let head = ["", "measured", "limit", "ratio", "reach / aim", ""].map(str::to_owned);
        let rows: Vec<[String; 6]> = std::iter::once(head).chain(self.0.iter().map(Row::cells)).collect();
        let mut widths = [0; 6];
        for row in &rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        let notes = std::iter::once("").chain(self.0.iter().map(|row| row.note.as_str()));
        let mut table = String::new();
        for (row, note) in rows.iter().zip(notes) {
            let mut line = String::new();
            for (index, (cell, width)) in row.iter().zip(widths).enumerate() {
                // Writing to a String cannot fail.
                let _ = match index {
                    1..=3 => write!(line, "{cell:>width$}  "),
                    _ => write!(line, "{cell:<width$}  "),
                };
            }
            table.push_str(format!("{line}{note}").trim_end());
            table.push('\n');
        }
        let all = if self.reached() { "every goal is reached" } else { "a goal is NOT reached" };
        let _ = writeln!(table, "{all}");
        table
    }

    /// For programs.
    pub fn json(&self) -> String {
        let rows: Vec<_> = self
            .0
            .iter()
            .map(|row| {
                json!({
                    "name": row.name,
                    "measured": row.measured.map(|Figure(value, _)| value),
                    "unit": row.measured.map(|Figure(_, unit)| unit),
                    "limit": row.limit.map(|Figure(value, _)| value),
                    "ratio": row.ratio(),
                    "reached": row.verdict().map(|(reached, _)| reached),
                    "aim_reached": row.verdict().map(|(_, aim)| aim),
                    "note": row.note,
                })
            })
            .collect();
        format!("{:#}\n", json!({"reached": self.reached(), "rows": rows}))
    }
}

/// The result goes to stdout.
///
/// # Errors
/// Nobody reads it.
pub fn print(text: &str) -> Result<()> {
    io::stdout().lock().write_all(text.as_bytes())?;
    Ok(())
}

/// How far something long has come, on stderr: a bar that moves on a terminal, otherwise a line for each tenth.
#[derive(Debug)]
pub struct Bar {
    what: &'static str,
    total: u64,
    begun: Instant,
    shown: u64,
}

impl Bar {
    /// At its start.
    pub fn new(what: &'static str, total: u64) -> Self {
        Self { what, total: total.max(1), begun: Instant::now(), shown: 0 }
    }

    /// So many are done.
    pub fn at(&mut self, done: u64) {
        let is_terminal = io::stderr().is_terminal();
        let steps = if is_terminal { 1000 } else { 10 };
        let step = done * steps / self.total;
        if step == self.shown {
            return;
        }
        self.shown = step;
        let line = self.line(done);
        // Nobody reads it: no reason to stop.
        let _ = match (is_terminal, done >= self.total) {
            (true, false) => write!(io::stderr().lock(), "\r{line}"),
            (true, true) => writeln!(io::stderr().lock(), "\r{line}"),
            (false, _) => writeln!(io::stderr().lock(), "{line}"),
        };
    }

    fn line(&self, done: u64) -> String {
        let (total, what, seconds) = (self.total, self.what, self.begun.elapsed().as_secs().max(1));
        let rate = (done / seconds).max(1);
        let filled = usize::try_from(done * 30 / total).unwrap_or_default().min(30);
        let left = total.saturating_sub(done) / rate;
        format!(
            "  [{}{}] {:3} %, {done} of {total} {what}, {rate}/s, {}:{:02} left   ",
            "#".repeat(filled),
            "-".repeat(30 - filled),
            done * 100 / total,
            left / 60,
            left % 60
        )
    }
}

/// What is going on goes to stderr.
pub fn progress(text: &str) {
    // Nobody reads it: no reason to stop.
    let _ = writeln!(io::stderr().lock(), "{text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_goal_is_held_against_the_ratio_if_there_is_a_limit() {
        let row = |value: f64| Row::new("x", value, "ms").beside(10.0).goal(Goal::AtMost(1.25, 1.1));
        assert_eq!(row(11.0).verdict(), Some((true, true)));
        assert_eq!(row(12.0).verdict(), Some((true, false)));
        assert_eq!(row(13.0).verdict(), Some((false, false)));
        let alone = Row::new("x", 50.0, "ms").goal(Goal::AtMost(60.0, 25.0));
        assert_eq!(alone.verdict(), Some((true, false)));
        let more = Row::new("x", 5.0, "/s").beside(2.0).goal(Goal::AtLeast(2.0, 4.0));
        assert_eq!(more.verdict(), Some((true, false)));
    }

    #[test]
    fn what_was_not_measured_is_not_reached() {
        let mut report = Report::default();
        report.add(Row::missing("x", "no").goal(Goal::AimAtLeast(6.0)));
        assert!(report.reached());
        report.add(Row::missing("y", "no").goal(Goal::AtLeast(2.0, 4.0)));
        assert!(!report.reached());
        assert!(report.table().contains("✗ not measured"));
    }
}
