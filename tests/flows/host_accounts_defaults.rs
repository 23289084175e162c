//! A host that offers only what is needed to sign people in (PPL-218), and the shapes of what it may add.

use std::sync::Arc;

use async_trait::async_trait;
use lysand_auth::config::BaseUrl;
use lysand_auth::host::HostResult;
use lysand_auth::host::accounts::{
    Account, AccountId, AccountQuery, Accounts, AccountsError, Action, Candidate, Email, NewAccount, Role, Standing,
};
use lysand_auth::host::factor::{Factor, FactorLabel, Input, Prompt, Strength};
use lysand_auth::host::sign_in_rules::{Demand, ProofKind, Proofs, SignInRules, Verdict};
use lysand_auth::secret::Secret;

/// One person, found by name or address, as an early host has it.
struct ThreeMethods;

fn ada() -> Account {
    let email = Email { address: "Ada@example.com".into(), confirmed: true };
    Account::new(AccountId::new("7"), "ada").with_email(email)
}

#[async_trait]
impl Accounts for ThreeMethods {
    async fn by_id(&self, id: &AccountId) -> HostResult<Option<Account>> {
        Ok(Some(ada()).filter(|account| account.id == *id))
    }

    async fn by_identifier(&self, identifier: &str) -> HostResult<Option<Account>> {
        let is_ada = ["ada", "ada@example.com"].contains(&identifier.to_lowercase().as_str());
        Ok(is_ada.then(ada))
    }

    async fn check_password(&self, identifier: &str, password: &Secret) -> HostResult<Option<Account>> {
        let found = self.by_identifier(identifier).await?;
        Ok(found.filter(|_| password.expose() == "a calm evening"))
    }
}

fn is_not_offered<T>(answer: Result<T, AccountsError>) -> bool {
    matches!(answer, Err(AccountsError::NotOffered))
}

#[tokio::test]
async fn accounts_with_three_methods_answer_the_others_with_defaults() {
    let accounts: Arc<dyn Accounts> = Arc::new(ThreeMethods);
    let id = AccountId::new("7");
    assert_eq!(accounts.by_email("ADA@EXAMPLE.COM").await.expect("an answer"), Some(ada()));
    assert_eq!(accounts.by_email("ada").await.expect("an answer"), None, "a name is no address");
    assert_eq!(accounts.addresses(&id).await.expect("an answer"), ["Ada@example.com"]);
    assert!(!accounts.must_change_password(&id).await.expect("an answer"));
    assert!(!accounts.has_password(&id).await.expect("an answer"));
    let problems = accounts.check_new(&Candidate::new("admin")).await.expect("an answer");
    assert_eq!(problems.len(), 1);
    assert_eq!(accounts.export(&id).await.expect("an answer"), serde_json::json!({}));
    let base_url = BaseUrl::parse("https://social.example").expect("an origin");
    let entity = accounts.entity(&ada(), &base_url);
    assert_eq!((&entity["acct"], &entity["followers_count"]), (&"ada".into(), &0.into()));
    assert_eq!(entity["url"], "https://social.example/@ada");

    assert!(is_not_offered(accounts.create(NewAccount::new("bob")).await));
    assert!(is_not_offered(accounts.set_password(&id, &Secret::new("a bright morning")).await));
    assert!(is_not_offered(accounts.set_email(&id, &Email { address: "a@b.example".into(), confirmed: true }).await));
    assert!(is_not_offered(accounts.set_standing(&id, Standing::Disabled).await));
    assert!(is_not_offered(accounts.set_role(&id, Role::Admin).await));
    assert!(is_not_offered(accounts.search(&AccountQuery::new().with_text("a")).await));
    assert!(is_not_offered(accounts.count(&AccountQuery::new()).await));
    assert!(is_not_offered(accounts.moderate(&id, Action::Silence).await));
    assert!(is_not_offered(accounts.list().await));
    assert!(is_not_offered(accounts.delete(&id).await));
}

struct NoRules;

impl SignInRules for NoRules {}

#[tokio::test]
async fn sign_in_rules_without_methods_demand_nothing_and_allow() {
    let rules: Arc<dyn SignInRules> = Arc::new(NoRules);
    let proofs = Proofs::new([(ProofKind::Password, lysand_auth::ambient::Timestamp::from_micros(0))]);
    assert!(proofs.has(&ProofKind::Password) && !proofs.has(&ProofKind::Totp));
    assert_eq!(rules.demands(&ada(), &proofs).await.expect("an answer"), Demand::Usual);
    assert_eq!(rules.before_session(&ada(), &proofs, None).await.expect("an answer"), Verdict::Allow);
    assert!(Demand::Usual < Demand::TwoProofs && Demand::TwoProofs < Demand::PhishingResistant);
}

struct TextMessages;

#[async_trait]
impl Factor for TextMessages {
    fn kind(&self) -> &'static str {
        "sms"
    }

    fn strength(&self) -> Strength {
        Strength::Code
    }

    fn label(&self) -> FactorLabel {
        FactorLabel::new("Text message", "We send a code to your telephone.")
    }

    async fn usable(&self, _: &Account) -> HostResult<bool> {
        Ok(true)
    }

    async fn begin(&self, _: &Account) -> HostResult<Prompt> {
        Ok(Prompt::new("We sent a code to ••• 42").with_state(Secret::new("123456")))
    }

    async fn check(&self, _: &Account, input: &Input) -> HostResult<bool> {
        Ok(input.state.as_ref() == Some(&input.value))
    }
}

#[tokio::test]
async fn factor_of_a_host_is_an_object() {
    let factor: Arc<dyn Factor> = Arc::new(TextMessages);
    let prompt = factor.begin(&ada()).await.expect("a prompt");
    let state = prompt.state.expect("what was sent");
    let input = |typed: &str| Input::new(Secret::new(typed)).with_state(state.clone());
    assert!(factor.check(&ada(), &input("123456")).await.expect("an answer"));
    assert!(!factor.check(&ada(), &input("654321")).await.expect("an answer"));
}
