//! A real Chromium, driven through WebDriver.

mod appearance;
mod chromium;
mod devtools;
mod driver;

pub use fantoccini::wd::WindowHandle;

pub use self::appearance::Appearance;
pub use self::chromium::{Browser, page_from};
