//! `LIKE`: `%` any run, `_` any one character, `[a-c]` one of a set, `[^a-c]` one outside it.

/// A pattern, taken apart.
pub(super) struct Pattern {
    parts: Vec<Part>,
}

enum Part {
    Run,
    Any,
    One(char),
    Set { negated: bool, ranges: Vec<(char, char)> },
}

impl Pattern {
    /// Reads a pattern; after `escape`, a character stands for itself.
    pub(super) fn new(pattern: &str, escape: Option<char>) -> Self {
        let mut parts = Vec::new();
        let mut chars = pattern.chars();
        while let Some(c) = chars.next() {
            parts.push(match c {
                c if Some(c) == escape => Part::One(chars.next().unwrap_or(c)),
                '%' => Part::Run,
                '_' => Part::Any,
                '[' => match set(chars.as_str()) {
                    Some((part, rest)) => {
                        chars = rest.chars();
                        part
                    }
                    None => Part::One('['),
                },
                c => Part::One(c),
            });
        }
        parts.dedup_by(|a, b| matches!((a, b), (Part::Run, Part::Run)));
        Self { parts }
    }

    /// What it may cost to match a text: each run may walk through all of it.
    pub(super) fn work(&self, text: &str) -> u64 {
        let steps = (text.len() / 16).saturating_mul(self.parts.len());
        u64::try_from(steps).unwrap_or(u64::MAX)
    }

    /// Whether the whole text fits. Backtracks to the last run only, which is enough.
    pub(super) fn matches(&self, text: &str) -> bool {
        let mut at = 0;
        let mut rest = text.chars();
        let mut retry: Option<(usize, std::str::Chars<'_>)> = None;
        loop {
            if let Some(Part::Run) = self.parts.get(at) {
                at += 1;
                retry = Some((at, rest.clone()));
                continue;
            }
            let mut ahead = rest.clone();
            match (self.parts.get(at), ahead.next()) {
                (None, None) => return true,
                (Some(part), Some(c)) if part.fits(c) => {
                    at += 1;
                    rest = ahead;
                }
                (_, _) => match one_further(&mut retry) {
                    Some(again) => (at, rest) = again,
                    None => return false,
                },
            }
        }
    }
}

/// Lets the last run take one character more.
fn one_further<'t>(
    retry: &mut Option<(usize, std::str::Chars<'t>)>,
) -> Option<(usize, std::str::Chars<'t>)> {
    let (_, from) = retry.as_mut()?;
    from.next()?;
    retry.clone()
}

impl Part {
    fn fits(&self, c: char) -> bool {
        match self {
            Self::Run | Self::Any => true,
            Self::One(one) => *one == c,
            Self::Set { negated, ranges } => {
                ranges.iter().any(|(low, high)| (*low..=*high).contains(&c)) != *negated
            }
        }
    }
}

/// What follows `[`, up to `]`, and what comes after it.
fn set(text: &str) -> Option<(Part, &str)> {
    let (content, rest) = text.split_once(']')?;
    let (negated, content) = match content.strip_prefix('^') {
        Some(content) => (true, content),
        None => (false, content),
    };
    let mut ranges = Vec::new();
    let mut chars = content.chars();
    while let Some(low) = chars.next() {
        let mut ahead = chars.clone();
        match (ahead.next(), ahead.next()) {
            (Some('-'), Some(high)) => {
                ranges.push((low, high));
                chars = ahead;
            }
            (_, _) => ranges.push((low, low)),
        }
    }
    Some((Part::Set { negated, ranges }, rest))
}
