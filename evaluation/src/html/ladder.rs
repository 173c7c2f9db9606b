//! The ladder: every table of it, folded away but for how to read it.

use maud::{Markup, html};

use super::figures::{Table, reading, table};
use crate::sheet::Sheet;

/// All tables, each under its title.
pub(super) fn ladder(sheets: &[Sheet]) -> Markup {
    html! {
        @for sheet in sheets {
            h3 { (sheet.title) }
            (reading(&sheet.reading))
            details {
                summary { "Figures: " (sheet.title) }
                (table(&Table {
                    caption: format!("{} with 95 % intervals", sheet.title),
                    head: sheet.head.clone(),
                    rows: sheet.rows.clone(),
                }))
            }
        }
    }
}
