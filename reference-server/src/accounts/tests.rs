use lysand_auth::Ambient;
use lysand_auth::config::BaseUrl;
use lysand_auth::host::accounts::rules::RuleError;
use lysand_auth::host::accounts::{AccountId, Email, Role, Standing};
use lysand_auth::host::accounts::{Accounts as _, AccountsError, Field, NewAccount};
use lysand_auth::keys::Keys;
use lysand_auth::password::{PasswordConfig, Passwords};
use lysand_auth::secret::Secret;
use lysand_auth::store::{MigrationSet, Store};

use super::*;

static SETS: [MigrationSet; 1] = [MIGRATIONS];

/// Accounts in a fresh database, with hashes that cost little.
struct Fresh {
    accounts: SqlAccounts,
    _folder: tempfile::TempDir,
}

async fn fresh() -> Fresh {
    let folder = tempfile::tempdir().unwrap();
    let url = Secret::new(format!("sqlite:{}", folder.path().join("test.sqlite3").display()));
    let store = Store::open(&url, 2).await.unwrap();
    store.migrate(&SETS).await.unwrap();
    let mut cheap = PasswordConfig::default();
    cheap.memory_kib = 64;
    cheap.iterations = 1;
    cheap.max_concurrent = 1;
    let passwords = Passwords::new(cheap, Ambient::system()).unwrap();
    let base_url = BaseUrl::parse("https://social.example").unwrap();
    Fresh {
        accounts: SqlAccounts::new(
            store,
            passwords,
            Ambient::system(),
            &base_url,
            Keys::new(Vec::new(), vec![[7; 32]]),
        ),
        _folder: folder,
    }
}

fn person(name: &str) -> NewAccount {
    NewAccount::new(name)
        .with_email(Email { address: format!("{name}@Post.example"), confirmed: true })
        .with_password(Secret::new("a calm evening"))
}

fn admin(name: &str) -> NewAccount {
    person(name).with_role(Role::Admin)
}

#[tokio::test]
async fn account_lookup_by_username_or_email_ignores_case() {
    let Fresh { accounts, _folder } = fresh().await;
    let alice = accounts.create(person("Alice")).await.unwrap();
    assert_eq!(alice.username, "alice");
    assert_eq!(alice.email.as_ref().unwrap().address, "Alice@Post.example");
    for identifier in ["alice", "ALICE", " alice ", "alice@post.example", "ALICE@POST.EXAMPLE"] {
        assert_eq!(accounts.by_identifier(identifier).await.unwrap(), Some(alice.clone()), "{identifier}");
    }
    for identifier in ["", " ", "@", "alic", "alice@", "a1ice", "alice\0", &"x".repeat(5000)] {
        assert_eq!(accounts.by_identifier(identifier).await.unwrap(), None, "{identifier}");
    }
    assert_eq!(accounts.by_id(&alice.id).await.unwrap(), Some(alice));
    assert_eq!(accounts.by_id(&AccountId::new("")).await.unwrap(), None);
}

#[tokio::test]
async fn account_create_with_taken_username_lookalike_or_email_is_refused() {
    let Fresh { accounts, _folder } = fresh().await;
    accounts.create(person("bob0")).await.unwrap();
    let address = |address: &str| Some(Email { address: address.into(), confirmed: true });
    for (name, email, taken) in [
        ("BOB0", "new@post.example", Field::Username),
        ("bobo", "new@post.example", Field::Username),
        ("carol", "BOB0@post.EXAMPLE", Field::Email),
    ] {
        let new = person(name).with_email(address(email));
        let refused = accounts.create(new).await.unwrap_err();
        assert!(matches!(refused, AccountsError::Taken(what) if what == taken), "{name}: {refused}");
    }
    let nobody = |name| person(name).with_email(None);
    accounts.create(nobody("dave")).await.unwrap();
    accounts.create(nobody("erin")).await.unwrap();
    assert_eq!(accounts.list().await.unwrap().len(), 3);
}

#[tokio::test]
async fn account_create_breaking_username_email_or_password_rules_is_refused() {
    let Fresh { accounts, _folder } = fresh().await;
    for new in [
        person("admin"),
        person("not a name"),
        person("alice").with_email(Email { address: "nowhere".into(), confirmed: true }),
        person("alice").with_password(Secret::new("short")),
        person("alice").with_password(Secret::new("password1")),
        person("alice").with_password(Secret::new("social.example")),
    ] {
        assert!(matches!(accounts.create(new).await, Err(AccountsError::Invalid(_))));
    }
    assert!(accounts.list().await.unwrap().is_empty());
}

#[tokio::test]
async fn account_check_password_accepts_only_the_current_password() {
    let Fresh { accounts, _folder } = fresh().await;
    let alice = accounts.create(person("alice")).await.unwrap();
    accounts.create(person("bob").with_password(None)).await.unwrap();
    let check = async |name: &str, password: &str| {
        accounts.check_password(name, &Secret::new(password)).await.unwrap().map(|account| account.id)
    };
    assert_eq!(check("alice@post.example", "a calm evening").await, Some(alice.id.clone()));
    for (name, password) in [
        ("alice", "a calm evening "),
        ("alice", "A calm evening"),
        ("alice", ""),
        ("bob", "a calm evening"),
        ("bob", ""),
        ("nobody", "a calm evening"),
        ("", ""),
    ] {
        assert_eq!(check(name, password).await, None, "{name} {password:?}");
    }
    assert!(accounts.set_password(&alice.id, &Secret::new("alice")).await.is_err());
    accounts.set_password(&alice.id, &Secret::new("a bright morning")).await.unwrap();
    assert_eq!(check("alice", "a calm evening").await, None);
    assert_eq!(check("alice", "a bright morning").await, Some(alice.id));
    assert!(accounts.set_password(&AccountId::new("nobody"), &Secret::new("a bright morning")).await.is_err());
}

#[tokio::test]
async fn account_disable_or_delete_of_last_active_admin_is_refused() {
    let Fresh { accounts, _folder } = fresh().await;
    let first = accounts.create(admin("alice")).await.unwrap().id;
    accounts.create(person("bob")).await.unwrap();
    let unconfirmed = admin("carol").with_email(Email { address: "c@d.example".into(), confirmed: false });
    accounts.create(unconfirmed).await.unwrap();
    assert!(accounts.set_standing(&first, Standing::Disabled).await.is_err());
    assert!(accounts.set_standing(&first, Standing::Pending).await.is_err());
    assert!(accounts.delete(&first).await.is_err());
    assert_eq!(accounts.count_active().await.unwrap(), 3);

    let second = accounts.create(admin("dave")).await.unwrap().id;
    accounts.set_standing(&first, Standing::Disabled).await.unwrap();
    assert!(accounts.delete(&second).await.is_err());
    accounts.delete(&first).await.unwrap();
    assert!(accounts.delete(&first).await.is_err(), "gone already");
    assert!(accounts.by_identifier("alice").await.unwrap().is_none());
    for name in ["alice", "A1ICE"] {
        let refused = accounts.create(person(name)).await;
        assert!(matches!(refused, Err(AccountsError::Taken(Field::Username))), "her name stays hers, and its look");
    }
    assert!(accounts.release_name("Alice").await.unwrap() && !accounts.release_name("alice").await.unwrap());
    accounts.create(person("alice")).await.unwrap();
}

#[tokio::test]
async fn account_disable_of_two_admins_in_parallel_keeps_one() {
    let Fresh { accounts, _folder } = fresh().await;
    let first = accounts.create(admin("alice")).await.unwrap().id;
    let second = accounts.create(admin("bob")).await.unwrap().id;
    let (one, other) = tokio::join!(
        accounts.set_standing(&first, Standing::Disabled),
        accounts.set_standing(&second, Standing::Disabled)
    );
    assert!(one.is_ok() != other.is_ok());
}

#[tokio::test]
async fn setup_token_used_in_parallel_creates_one_admin() {
    let Fresh { accounts, _folder } = fresh().await;
    let link = accounts.create_setup_token().await.unwrap().unwrap();
    let of_another_replica = accounts.create_setup_token().await.unwrap().unwrap();
    assert!(accounts.setup_token_is_valid(&link).await.unwrap());
    assert!(accounts.setup_token_is_valid(&of_another_replica).await.unwrap());
    for wrong in [Secret::new(""), Secret::new("x"), Secret::generate(&Ambient::system())] {
        let refused = accounts.create_first_admin(&wrong, person("alice")).await;
        assert!(matches!(refused, Err(FirstAdminError::InvalidLink)));
    }
    let refused = accounts.create_first_admin(&link, person("root")).await;
    assert!(matches!(refused, Err(FirstAdminError::Refused(CreateError::Rule(RuleError::UsernameReserved)))));
    assert!(accounts.setup_token_is_valid(&link).await.unwrap(), "a slip does not cost the link");

    let (one, other) = tokio::join!(
        accounts.create_first_admin(&link, person("alice")),
        accounts.create_first_admin(&of_another_replica, person("bob"))
    );
    assert!(one.is_ok() != other.is_ok());
    let made = one.or(other).unwrap();
    assert_eq!((made.role, made.standing), (Role::Admin, Standing::Active));
    assert_eq!(accounts.list().await.unwrap().len(), 1);
    for link in [link, of_another_replica] {
        assert!(!accounts.setup_token_is_valid(&link).await.unwrap());
    }
    assert!(accounts.create_setup_token().await.unwrap().is_none());
}

#[tokio::test]
async fn setup_token_ends_with_first_admin_withdrawal_or_newer_tokens() {
    let Fresh { accounts, _folder } = fresh().await;
    let link = accounts.create_setup_token().await.unwrap().unwrap();
    accounts.create(person("bob")).await.unwrap();
    assert!(accounts.setup_token_is_valid(&link).await.unwrap());
    accounts.delete_setup_token(&link).await.unwrap();
    assert!(!accounts.setup_token_is_valid(&link).await.unwrap());

    let link = accounts.create_setup_token().await.unwrap().unwrap();
    for _ in 0..8 {
        accounts.create_setup_token().await.unwrap();
    }
    assert!(!accounts.setup_token_is_valid(&link).await.unwrap(), "the ninth newest");

    let link = accounts.create_setup_token().await.unwrap().unwrap();
    accounts.create(admin("alice")).await.unwrap();
    assert!(!accounts.setup_token_is_valid(&link).await.unwrap());
}

#[tokio::test]
async fn password_hash_with_other_parameters_is_renewed_after_a_right_password() {
    let Fresh { accounts, _folder } = fresh().await;
    let ada = accounts.create(person("ada")).await.unwrap();
    let hash = async || accounts.find("ada").await.unwrap().unwrap().1.unwrap();
    let first = hash().await;
    let right = Secret::new("a calm evening");
    accounts.check_password("ada", &right).await.unwrap().unwrap();
    assert_eq!(hash().await, first, "made with the parameters of today");

    let mut dearer = PasswordConfig::default();
    dearer.memory_kib = 128;
    dearer.iterations = 1;
    let passwords = Passwords::new(dearer, Ambient::system()).unwrap();
    let base_url = BaseUrl::parse("https://social.example").unwrap();
    let keys = Keys::new(Vec::new(), vec![[7; 32]]);
    let raised = SqlAccounts::new(accounts.store.clone(), passwords, Ambient::system(), &base_url, keys);
    assert_eq!(raised.check_password("ada", &Secret::new("wrong")).await.unwrap(), None);
    assert_eq!(hash().await, first);
    raised.check_password("ada", &right).await.unwrap().unwrap();
    let second = hash().await;
    assert!(second.contains("m=128,t=1"), "{second}");
    for accounts in [&accounts, &raised] {
        assert_eq!(accounts.check_password("ada", &right).await.unwrap().as_ref(), Some(&ada));
    }
}
