//! Networks: which lane is here, where lanes conflict, how to get to an exit, and which layouts are refused.

mod conflicts;
mod guides;
mod layouts;
mod places;
mod refusals;
