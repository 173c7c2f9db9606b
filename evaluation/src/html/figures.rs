//! Tables, and a chart beside its table.

use maud::{Markup, html};

/// Figures in rows. The first column names the row.
pub(super) struct Table {
    pub(super) caption: String,
    pub(super) head: Vec<String>,
    pub(super) rows: Vec<Vec<String>>,
}

/// The table, in a box that scrolls by itself where the page is narrow.
pub(super) fn table(table: &Table) -> Markup {
    html! {
        div class="scroll" tabindex="0" role="region" aria-label=(table.caption) {
            table {
                caption { (table.caption) }
                thead { tr { @for name in &table.head { th scope="col" { (name) } } } }
                tbody {
                    @for row in &table.rows {
                        tr {
                            @for (idx, cell) in row.iter().enumerate() {
                                @if idx == 0 { th scope="row" { (cell) } } @else { td { (cell) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// A chart and the numbers behind it: side by side on a desk, one above the other on a phone.
pub(super) fn pair(chart: &Markup, numbers: &Table) -> Markup {
    html! { div class="pair" { (chart) (table(numbers)) } }
}

/// How to read what follows.
pub(super) fn reading(text: &str) -> Markup {
    html! { p class="read" { (text) } }
}
