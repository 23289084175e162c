//! Memory that was needed for a moment goes back to the system (faults D1).

use std::time::Duration;

use futures_util::future::join_all;
use tests::{Person, ServerProcess, wait};

const MIB: u64 = 1024 * 1024;

#[tokio::test]
async fn memory_of_simultaneous_sign_ins_is_given_back_when_idle() {
    // The slots are idle for a second before they let go.
    let server = ServerProcess::builder().set("password.max_concurrent", "4").start().await;
    let ada = Person::named("ada");
    server.create_account(&ada);
    let client = server.client();
    let app = client.register().await.expect("an app");
    let sign_in =
        async || client.log_in(&app.authorize_query(), &ada.username, &ada.password).await.expect("an answer");
    assert_eq!(sign_in().await.status.as_u16(), 302);
    tokio::time::sleep(Duration::from_secs(2)).await;
    let before = server.memory();
    for _ in 0..10 {
        let answers = join_all((0..8).map(|_| sign_in())).await;
        assert!(answers.iter().all(|answer| answer.status.as_u16() == 302));
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
    let after = wait::within(Duration::from_secs(5), async || {
        Some(server.memory()).filter(|memory| *memory < before + 10 * MIB)
    });
    assert!(after.await.is_some(), "{} MiB before, {} MiB after", before / MIB, server.memory() / MIB);
}
