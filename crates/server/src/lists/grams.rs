//! Grams: each three, and each six, letters that stand side by side in a text. What contains a text has all of its grams.
//! Three will do for the shortest texts; six are so rare that few entries have to be compared.
use crate::ids::EnvironmentId;
use std::fmt::Write as _;

/// Letters of a gram, for texts of fewer than six letters and for longer ones.
const SHORT: usize = 3;
const LONG: usize = 6;
/// How many of a text's grams are looked up: the rarest. Each further one costs more than it leaves out.
const MOST: usize = 4;
/// FTS5's tokenizer ends a token at ASCII punctuation, which is therefore written as a private letter.
const PRIVATE: u32 = 0xe000;

/// A folded `key` of an environment as the words of SQLite's index, with the organizations that its owner belongs to.
pub fn document(env: EnvironmentId, key: &str, organizations: &[i64]) -> String {
    let letters: Vec<char> = key.chars().collect();
    let mut words = String::with_capacity(letters.len() * 48);
    for gram in letters.windows(SHORT).chain(letters.windows(LONG)) {
        push_gram(&mut words, env, gram);
        words.push(' ');
    }
    for organization in organizations {
        words.push_str(&member_of(*organization));
        words.push(' ');
    }
    words
}

/// The word that stands for belonging to an organization.
pub fn member_of(organization: i64) -> String {
    format!("m{organization:x}")
}

/// Grams carry their environment, so that a small one does not wade through the entries of a large one.
fn push_gram(words: &mut String, env: EnvironmentId, gram: &[char]) {
    // Writing to a String cannot fail.
    let _ = write!(words, "e{:x}", env.as_i64());
    words.extend(gram.iter().map(|&letter| match letter {
        letter if letter.is_ascii() && !letter.is_ascii_alphanumeric() => {
            char::from_u32(PRIVATE + u32::from(letter)).unwrap_or(letter)
        }
        letter => letter,
    }));
}

/// The words to look up for a folded text, and whether even the rarest of them is in one key of the sample.
#[derive(Debug, PartialEq, Eq)]
pub struct Rarest {
    /// None for a text of fewer than three letters.
    pub words: Vec<String>,
    /// Much will be found.
    pub common: bool,
}

/// Chooses by a sample of the list's keys.
pub fn rarest(env: EnvironmentId, text: &str, sample: &[String]) -> Rarest {
    let letters: Vec<char> = text.chars().collect();
    let mut grams: Vec<(usize, &[char])> = Vec::new();
    let size = if letters.len() < LONG { SHORT } else { LONG };
    for gram in letters.windows(size) {
        let text: String = gram.iter().collect();
        grams.push((sample.iter().filter(|key| key.contains(&text)).count(), gram));
    }
    grams.sort_by_key(|(seen, _)| *seen);
    let least = grams.first().map_or(0, |(seen, _)| *seen);
    let rare = grams.partition_point(|(seen, _)| *seen == least);
    // Neighbours say almost the same: among equally rare ones those that stand apart leave out more.
    let step = (rare / MOST).max(1);
    let words = grams.iter().step_by(step).take(MOST).map(|(_, gram)| {
        let mut word = String::new();
        push_gram(&mut word, env, gram);
        word
    });
    Rarest { words: words.collect(), common: least > 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENV: EnvironmentId = EnvironmentId::from_i64(26);

    #[test]
    fn a_document_has_a_word_for_each_gram_and_organization() {
        assert_eq!(document(ENV, "a@bc", &[31]), "e1aa\u{e040}b e1a\u{e040}bc m1f ");
        assert_eq!(document(ENV, "日本電気", &[]), "e1a日本電 e1a本電気 ");
        assert_eq!(document(ENV, "abcdef", &[]), "e1aabc e1abcd e1acde e1adef e1aabcdef ");
        assert_eq!(document(ENV, "ab", &[]), "");
    }

    #[test]
    fn the_rarest_grams_are_looked_up() {
        let sample = ["acme labs".to_owned(), "acme works".to_owned()];
        let found = rarest(ENV, "acme x", &sample);
        assert_eq!(found.words.first().map(String::as_str), Some("e1aacme\u{e020}x"));
        assert!(!found.common);
        assert!(rarest(ENV, "acme", &sample).common);
        assert_eq!(rarest(ENV, "ac", &sample), Rarest { words: Vec::new(), common: false });
    }

    #[test]
    fn every_word_that_is_looked_up_is_in_the_document() {
        let key = "number 17 of the <bench>\norg_731211000000001\ncrm-\u{1f469}\u{200d}\u{1f4bb}";
        let document = document(ENV, key, &[]);
        let words: Vec<&str> = document.split(' ').collect();
        for text in ["17 of", "<bench>", "org_7312", "-\u{1f469}\u{200d}\u{1f4bb}", key] {
            let found = rarest(ENV, text, &[]);
            assert!(!found.words.is_empty() && found.words.len() <= MOST, "{text}");
            assert!(found.words.iter().all(|word| words.contains(&word.as_str())), "{text}: {found:?}");
        }
    }
}
