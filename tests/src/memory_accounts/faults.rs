//! What a host does wrong.

/// Names faults, and lists them.
macro_rules! faults {
    ($($(#[$doc:meta])* $name:ident,)+) => {
        /// What a host does wrong.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Fault {
            $($(#[$doc])* $name,)+
        }

        impl Fault {
            /// Every fault.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];
        }
    };
}

faults! {
    /// `by_id` does not look at the id.
    FindsFirstById,
    /// `by_id` fails when there is nobody.
    FailsWithoutId,
    /// `by_id` takes a user name as well.
    TakesNameAsId,
    /// `by_id` leaves the address out.
    LeavesAddressOut,
    /// Names are found in one case of letters alone.
    CaseSensitive,
    /// Addresses are not looked for.
    IgnoresAddresses,
    /// The beginning of a name is enough.
    TakesBeginnings,
    /// A percent sign stands for anything.
    TakesWildcards,
    /// `by_identifier` fails when there is nobody.
    FailsWithoutName,
    /// The empty name is the first account's.
    TakesEmptyName,
    /// A name ends at a NUL character.
    CutsNameAtNul,
    /// Every password is right.
    TakesAnyPassword,
    /// The case of a password does not matter.
    IgnoresCaseOfPassword,
    /// Blanks around a password do not matter.
    TrimsPassword,
    /// The first eight bytes of a password count.
    CutsPassword,
    /// A password ends at a NUL character.
    CutsPasswordAtNul,
    /// The empty password is right for accounts without one.
    TakesEmptyPassword,
    /// Somebody else's password is right.
    TakesOthersPassword,
    /// `check_password` fails for unknown names.
    FailsForUnknown,
    /// Unknown names are answered at once.
    AnswersUnknownAtOnce,
    /// Accounts without a password are answered at once.
    AnswersWithoutPasswordAtOnce,
    /// Every account is said to have a password.
    SaysPasswordForAll,
    /// A name can be taken twice.
    CreatesNameTwice,
    /// A name can be taken twice in another case of letters.
    CreatesNameInOtherCase,
    /// An address can be taken twice.
    CreatesAddressTwice,
    /// A taken address is told as a taken name.
    TellsWrongField,
    /// Two who ask for a name at the same moment both get it.
    CreatesInRace,
    /// The password of a new account is lost.
    LosesPassword,
    /// A new account has an address that nobody confirmed.
    LosesConfirmation,
    /// A new account gets somebody's id.
    RepeatsId,
    /// The old password stays right beside the new one.
    KeepsOldPassword,
    /// The new password is not kept.
    DropsNewPassword,
    /// A change of nobody's account is told as done.
    ChangesNobody,
    /// A standing is not kept.
    DropsStanding,
    /// A deleted account is still found by name.
    FindsDeletedByName,
    /// The id of a deleted account is given to the next.
    ReusesId,
    /// The list leaves one out.
    ListsTooFew,
    /// The list has one twice.
    ListsTwice,
    /// What goes along with a new account is left out.
    CreatesWithoutAlong,
    /// An account is made though what goes along with it failed.
    CreatesDespiteFailedAlong,
    /// What goes along with a new account is done for another.
    CreatesAlongForAnother,
    /// A taken name is made along.
    CreatesTakenAlong,
    /// What goes along with a change is left out.
    ChangesWithoutAlong,
    /// A change is kept though what goes along with it failed.
    ChangesDespiteFailedAlong,
    /// A change that failed is told as done.
    TellsFailedChangeAsDone,
    /// A password that was taken away stays right.
    KeepsPasswordTakenAway,
    /// A name to show is not kept.
    DropsDisplayName,
    /// A language is not kept.
    DropsLanguage,
    /// An address that is somebody's is set along.
    ChangesToTakenAddress,
    /// An account that was deleted along is still there.
    KeepsDeletedAlong,
    /// A role is not kept.
    DropsRole,
    /// Somebody else gets the role.
    GivesRoleToFirst,
    /// The last admin is made a moderator.
    LeavesNoAdmin,
    /// A new address is not kept.
    DropsAddress,
    /// A new address counts as confirmed at once.
    ConfirmsByItself,
    /// An address that is somebody's is set.
    SetsTakenAddress,
}
