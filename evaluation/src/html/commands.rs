//! How it was made: commands, names, hashes.

use maud::{Markup, html};

use super::{Page, figures::reading};

/// The commands in order, and what went in.
pub(super) fn made(page: &Page<'_>) -> Markup {
    html! {
        @if !page.commands.is_empty() {
            (reading("These commands, run again with the code and data named below, make this page again."))
        }
        @for command in page.commands {
            h3 { (command.about) }
            pre tabindex="0" { code { (command.line) } }
        }
        @if !page.facts.is_empty() {
            h3 { "What went in" }
            table class="words" {
                tbody { @for fact in page.facts { tr { th scope="row" { (fact.name) } td { (fact.value) } } } }
            }
        }
    }
}
