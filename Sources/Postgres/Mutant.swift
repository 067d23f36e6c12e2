/// A fault in the program that is there on purpose, to see that a test finds it: `scripts/mutants` has each found.
///
/// The variable `ETL_MUTANT` chooses one in a test build. In a release the compiler knows that there is none.
public enum Mutant: String, CaseIterable, Sendable {
    /// A COMMIT that was answered with ROLLBACK counts as done.
    case ignoreCommitTag

    /// A COMMIT whose answer was not heard counts as done.
    case unheardCommitIsDone

    /// A COMMIT whose answer was not heard counts as not done.
    case unheardCommitIsRefused

    /// Rows that a policy hides are silently not read.
    case forgetRowSecurity

    /// Fewer rows may be stored than were sent.
    case ignoreCopyCount

    /// An error that nobody knows is tried again.
    case retryUnknownErrors

    /// A server that does not let us in is asked again.
    case askRefusersAgain

    /// What a savepoint should undo is not undone.
    case keepSavepoint

    /// An attempt is not counted.
    case claimWithoutCounting

    /// A chunk that ends its workers is tried for ever.
    case attemptsWithoutEnd

    /// A chunk that a living worker has just claimed is taken.
    case takeFromTheLiving

    /// A worker whose process does not move any more is left alone.
    case leaveTheSilent

    /// Whoever has the process number of a silent worker is ended.
    case endWhoeverHasThePID

    /// A worker goes on with a chunk that another took over.
    case skipFence

    /// A chunk is worked on without holding its row.
    case workWithoutLock

    /// Triggers that are deferred until COMMIT do not find what lies beside their tables.
    case commitInOwnSchema

    /// Whether a lost commit happened is read while the old session may still commit.
    case decideWithoutWaiting

    /// The halves of a chunk begin with its attempts.
    case halvesKeepAttempts

    /// A claim that is given back stays counted.
    case blameTheStopped

    /// One reject of a chunk is not recorded.
    case forgetOneReject

    /// What was seen of the rows is not added up.
    case forgetSeenSum

    /// Keys that nothing reads are not recorded.
    case forgetUnmappedKeys

    /// What lies above the end of a chunk that was cut is in no chunk.
    case forgetTheRest

    /// What a stage of ours writes counts as changed by others.
    case renewNothing

    /// The last key of a chunk is in the next one, too.
    case edgeTwice

    /// The last key of a chunk is in none.
    case edgeMissed

    /// A chunk is not cut where its bytes are used up.
    case readPastTheLimit

    /// Of rows of which the server refuses one, all after it are left out.
    case noHalving

    /// A cover that is there is overwritten.
    case overwriteCovers

    /// A row that changed since it was read gets the cover of the old one.
    case writeBackToChanged

    /// What we wrote back to the source counts as changed by others.
    case forgetOwnWrites

    /// A target that has rows is filled as if it had none.
    case neverCompareWithOldRows

    /// Rows that were there and differ count as equal.
    case adoptWhatDiffers

    /// Rows that differ stay though they are to be replaced.
    case keepInsteadOfReplace

    /// Rows whose parents vanished meanwhile are not removed.
    case leaveOrphans

    /// A foreign key is never made valid.
    case leaveKeysUnchecked

    /// Covers are not verified.
    case compareWithoutCovers

    /// Rows that no source row gives are not found.
    case compareOneWay

    /// Rows of the right id are right.
    case compareIDs

    /// What somebody else wrote to a row counts as ours.
    case takeTheirsForOurs

    /// Of several targets only the first is compared with what it should be.
    case compareFirstTableOnly

    /// Rows do not get the ids of rows of the other target where both had rows before.
    case leaveRowsUnlinked

    /// A pipeline is run beside one that fills the same tables.
    case runBesideRivals

    /// Whatever differs counts as changed since.
    case everythingIsStale

    /// A bad row whose reject was lost passes.
    case overlookLostRejects

    /// Rows that were written to are not caught up with.
    case overlookRewrittenRows

    /// What a batch would have to write to rows that nobody wrote to is not caught up with.
    case overlookOverdueRows

    /// A chunk is divided though it knows rows that are not there any more.
    case divideInSpiteOfVanishedRows

    /// What was divided off a chunk since a verification began is not known to it.
    case overlookDividedChunks

    /// Rows that are new are not caught up with.
    case overlookNewRows

    /// What changes while it is caught up with is left for the next time.
    case catchUpOnce

    /// Rows that are gone are not caught up with.
    case overlookVanishedRows

    /// Columns are dropped whatever the verification found.
    case dropUnverified

    /// Nothing is verified once more before a drop.
    case dropOnAnOldVerdict

    /// What was written before the lock was had is not brought over.
    case dropWithoutLastLook

    /// Rejects are in nobody's way.
    case dropWithOpenRejects

    /// Keys that nothing reads are in nobody's way.
    case dropUnmappedKeys

    /// No database must be named.
    case dropUnconfirmed

    /// Another database may be named.
    case dropInAnyDatabase

    /// What is stated for a drop is taken where nothing is dropped.
    case consentToNothing

    /// Any number of rejects may be named for those that are accepted.
    case acceptAnyNumber

    /// What is accepted is recorded in a database that was not named.
    case acceptUnconfirmed

    /// Where one of the columns is gone, the others are dropped.
    case dropWhatIsLeft

    /// It is tried to drop what other objects depend on.
    case dropWithDependents

    /// It is tried to drop columns of a table of others.
    case dropWithoutOwning

    /// Columns that the ledger has as dropped are dropped once more.
    case dropAgain

    /// A verification that is under way counts as done.
    case dropHalfVerified

    /// A verification by another definition counts.
    case dropByAnotherDefinition

    /// Columns that no verified stage reads are dropped.
    case dropUnproven

    /// What was verified may be gone from its table, or with it.
    case dropWithoutTarget

    /// What was written to since the verification is dropped where that cannot be done again.
    case dropWhatCannotBeRenewed

    /// The lock of a drop comes after a weaker one.
    case upgradeTheLock

    /// Nobody looks again whether anything is in the way when the lock is had.
    case guardsNotUnderLock

    /// The same for what was written to until the lock was had.
    case dropWhatChangedUnderLock

    /// However many rows changed late, they are brought over under the lock.
    case lockTooManyRows

    /// An archive that lacks rows will do.
    case dropHalfArchived

    /// An archive counts whatever is in it.
    case restoreWhateverIsThere

    /// Columns are brought back though there are others of their names.
    case restoreBesideOthers

    /// What later runs rest on is undone.
    case undoOutOfOrder

    /// It is tried to undo what objects of others depend on.
    case undoWithStrangers

    /// No database must be named for an undoing.
    case undoUnconfirmed

    /// What others wrote since goes with the rest.
    case undoLaterWrites

    /// Rows of what came after a drop go with the rest.
    case undoNewerRows

    /// A table that has the name of a run's table counts as that.
    case undoAnotherTable

    /// What a script destroyed counts as brought back.
    case undoWhatIsDestroyed

    /// A run that is half undone is run.
    case goOnHalfUndone

    /// No database must be named where archives are removed.
    case purgeUnconfirmed

    /// What somebody wrote to after it was looked at is removed.
    case removeWhatChanged

    /// Rows that catching up met in the target are taken for the run's own.
    case forgetWhatWasFound

    /// A copy of a database goes on with the run of the original.
    case goOnInACopy

    /// A stage that was begun may change.
    case takeChangedStages

    /// A second run begins while the first lives.
    case runBesideOthers

    /// Several workers hold what documents of very many parts give, all at once.
    case ampleTogether

    /// A chunk that ends every session is tried for ever.
    case forgiveEveryLoss

    /// A row that is in the target twice is compared twice, and right.
    case overlookCopies

    /// A stage goes on where the keys lie in another order.
    case goOnInAnotherOrder
}
