//! Everything that a page can say in English is translated, and nothing else is.

use std::collections::BTreeSet;

use lysand_auth::host::accounts::{AccountsError, Field};

use super::{demo, texts};
use crate::mail::mail_texts;
use crate::pages::{catalogue_faults, template_texts};
use lysand_auth::host::accounts::rules::RuleError;

fn used() -> BTreeSet<String> {
    let mut used: BTreeSet<String> = lysand_auth::web::page_texts().into_iter().collect();
    used.extend(template_texts());
    used.extend(texts::all().into_iter().map(str::to_owned));
    used.extend(demo::step_texts());
    used.extend(mail_texts());
    used.extend(RuleError::ALL.map(|error| error.pattern().to_owned()));
    used.extend([Field::Username, Field::Email].map(|field| AccountsError::Taken(field).to_string()));
    used
}

#[test]
fn language_catalogues_have_exactly_the_used_texts() {
    let used = used();
    assert!(used.len() > 100, "{}", used.len());
    assert_eq!(catalogue_faults(&used), Vec::<String>::new());
}
