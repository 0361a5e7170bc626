//! What belongs to a symbol.

use crate::{Alert, Quote, Row, StoredRow, Symbol};

/// Things that belong to one symbol, within which their order counts.
pub trait OfSymbol {
    /// Whose.
    fn symbol(&self) -> Symbol;
}

impl OfSymbol for Quote {
    fn symbol(&self) -> Symbol {
        self.symbol
    }
}

impl OfSymbol for Row {
    fn symbol(&self) -> Symbol {
        self.quote.symbol
    }
}

impl OfSymbol for StoredRow {
    fn symbol(&self) -> Symbol {
        self.row.quote.symbol
    }
}

impl OfSymbol for Alert {
    fn symbol(&self) -> Symbol {
        self.symbol
    }
}
