package dev.unwrite.host;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unwrite.host.Policy.Decision;
import dev.unwrite.host.Policy.What;
import dev.unwrite.peer.PeerMessage;
import dev.unwrite.protocol.Action;
import dev.unwrite.protocol.Checkpoint;
import dev.unwrite.protocol.HostState;
import dev.unwrite.protocol.OwnershipRecord;
import dev.unwrite.protocol.Protocol;
import dev.unwrite.protocol.Step;
import java.time.Duration;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The table of what a host does of its own accord. Times are in seconds. */
class PolicyTest {
    private static final OwnershipRecord NOBODY = OwnershipRecord.INITIAL;
    private static final OwnershipRecord A_ALONE = record(3, 1, "A", OwnershipRecord.Mode.SOLO, "");
    private static final OwnershipRecord A_WITH_B = record(4, 1, "A", OwnershipRecord.Mode.PROTECTED, "B");
    private static final OwnershipRecord B_WITH_A = record(5, 1, "B", OwnershipRecord.Mode.PROTECTED, "A");
    private static final OwnershipRecord A_ROLLS_BACK = record(6, 2, "A", OwnershipRecord.Mode.ROLLBACK, "");

    private static OwnershipRecord record(
            long version, long term, String owner, OwnershipRecord.Mode mode, String secondary) {
        return new OwnershipRecord(version, term, owner, mode, secondary, 1);
    }

    // ---- A view, built by what is unusual about it.

    private HostState state = HostState.started("A", "B", new TreeMap<>(), null);
    private OwnershipRecord record = NOBODY;
    private boolean bootstrap;
    private @Nullable Duration every;
    private @Nullable Duration failoverAfter = Duration.ofSeconds(2);
    private @Nullable Duration aloneAfter;
    private double storageAnswersFor = 60;
    private PeerMessage.@Nullable Heartbeat heard = beat("secondary", true, 9, false);
    private double heardAgo = 0.1;
    private double silence = 0.1;
    private boolean connected = true;
    private @Nullable String unfit;
    private boolean joinerChanged;
    private @Nullable String stateOverdue;
    private boolean copyOverdue;
    private boolean undoNear;
    private double waitsForRoom;
    private boolean cutDue;
    private boolean joinDue = true;
    private @Nullable String failure;
    private double failedFor;
    private boolean unsaid;

    private static PeerMessage.Heartbeat beat(String role, boolean readyToJoin, long version, boolean holdsNothing) {
        return new PeerMessage.Heartbeat(role, 1, 1, 1, version, readyToJoin, holdsNothing, false, 0);
    }

    private Decision decide() {
        HostConfig config =
                new HostConfig("A", bootstrap, every, failoverAfter, 1 << 20, aloneAfter, true, "s", "f", "u");
        return Policy.decide(new Policy.View(
                config,
                state,
                record,
                nanos(storageAnswersFor),
                heard,
                nanos(heardAgo),
                nanos(silence),
                connected,
                unfit,
                joinerChanged,
                stateOverdue,
                copyOverdue,
                undoNear,
                nanos(waitsForRoom),
                cutDue,
                joinDue,
                failure,
                nanos(failedFor),
                unsaid));
    }

    private static long nanos(double seconds) {
        return (long) (seconds * 1e9);
    }

    private void take(Action action) {
        state = ((Step.Taken) Protocol.step(state, action)).next();
    }

    private void holds(long term, long epoch) {
        state = HostState.started("A", "B", new TreeMap<>(), new Checkpoint(term, epoch));
    }

    private void alone() {
        record = record(1, 1, "A", OwnershipRecord.Mode.SOLO, "");
        take(new Action.Propose(Action.Change.BOOTSTRAP, NOBODY));
        take(new Action.Bootstrap(record, 7));
        take(new Action.Flush(7));
        take(new Action.ColdRead());
    }

    private void joining() {
        alone();
        take(new Action.StartJoin());
    }

    private void guarded() {
        joining();
        take(new Action.LearnCommitted(1, 1));
        take(new Action.Propose(Action.Change.PROTECT, record));
        record = new OwnershipRecord(2, 1, "A", OwnershipRecord.Mode.PROTECTED, "B", 1);
        take(new Action.Protect(record));
        take(new Action.Learn(record));
    }

    private void secondary() {
        holds(1, 1);
        record = B_WITH_A;
        heard = beat("primary", false, 5, true);
        take(new Action.BecomeSecondary(record));
    }

    private void decides(What what) {
        assertThat(decide().what()).isEqualTo(what);
    }

    private void decides(What what, String why) {
        assertThat(decide().what()).isEqualTo(what);
        assertThat(decide().why()).contains(why);
    }

    // ---- Idle.

    @Test
    void onlyWhoIsToldToClaimsAGroupThatNobodyHas() {
        decides(What.NOTHING);
        bootstrap = true;
        decides(What.BOOTSTRAP);
        record = record(1, 0, "", OwnershipRecord.Mode.NONE, "");
        decides(What.NOTHING);
    }

    @Test
    void aLonelyOwnerStartsFromItsDiskAndOneWithACheckpointRollsBack() {
        record = A_ALONE;
        decides(What.COLD_START);
        holds(1, 1);
        decides(What.RESTART_ROLLBACK);
    }

    @Test
    void aRollbackGoesOnOrAPersonIsTold() {
        record = A_ROLLS_BACK;
        decides(What.NOTHING, "restore the volumes from a backup");
        holds(1, 1);
        decides(What.RESTART_ROLLBACK);
    }

    @Test
    void whoWasPrimaryAndLostItsMemoryWaitsForTheOther() {
        record = A_WITH_B;
        decides(What.NOTHING, "give \"failover\" to B");
    }

    @Test
    void whoHoldsTheCheckpointIsSecondaryAgain() {
        record = B_WITH_A;
        decides(What.NOTHING, "holds no checkpoint of term 1");
        holds(2, 1);
        decides(What.NOTHING, "holds no checkpoint of term 1");
        holds(1, 1);
        decides(What.BECOME_SECONDARY);
    }

    // ---- Secondary.

    @Test
    void aPrimaryThatIsHeardIsLeftAlone() {
        secondary();
        decides(What.NOTHING);
        assertThat(decide().why()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"1.9, NOTHING", "2, NOTHING", "2.1, TAKE_OVER"})
    void silenceOfTheTimeConfiguredIsTakenOver(double seconds, What what) {
        secondary();
        silence = seconds;
        decides(what);
    }

    @Test
    void withoutSuchATimeAPersonIsTold() {
        secondary();
        failoverAfter = null;
        silence = 100;
        decides(What.NOTHING, "\"failover\" here takes over");
        silence = 0;
        heard = beat("idle", false, 5, true);
        decides(What.NOTHING, "started again without its memory");
        heard = beat(Policy.FAILED, false, 5, true);
        decides(What.NOTHING, "cannot use the storage");
        heard = beat("primary", false, 5, true);
        decides(What.NOTHING);
        assertThat(decide().why()).isEmpty();
    }

    @Test
    void aPrimaryThatHasLostItsMemoryIsTakenOver() {
        secondary();
        heard = beat("idle", false, 5, true);
        decides(What.TAKE_OVER, "without its memory");
        heardAgo = 2;
        decides(What.NOTHING);
        heardAgo = 0.1;
        heard = beat("idle", false, 4, true);
        decides(What.NOTHING);
    }

    @Test
    void aPrimaryThatCannotUseTheStorageIsTakenOverByWhoCan() {
        secondary();
        heard = beat(Policy.FAILED, false, 5, true);
        decides(What.TAKE_OVER, "cannot use the storage");
        storageAnswersFor = 10;
        decides(What.NOTHING);
    }

    @Test
    void whatTheRecordDoesNotCountOnIsNotTakenOver() {
        secondary();
        silence = 100;
        record = record(6, 1, "B", OwnershipRecord.Mode.SOLO, "");
        decides(What.NOTHING);
    }

    // ---- Alone.

    @Test
    void outputGoesWhenItIsTime() {
        alone();
        unsaid = true;
        heard = null;
        decides(What.NOTHING);
        cutDue = true;
        decides(What.SPEAK);
    }

    @Test
    void whoIsReadyToJoinIsTakenIn() {
        alone();
        decides(What.START_JOIN);
        joinDue = false;
        decides(What.NOTHING);
        joinDue = true;
        heardAgo = 1.2;
        decides(What.NOTHING);
        heardAgo = 0.1;
        connected = false;
        decides(What.NOTHING);
        connected = true;
        heard = beat("idle", false, 9, true);
        decides(What.NOTHING);
        heard = beat("idle", true, 0, true);
        decides(What.NOTHING);
    }

    @Test
    void whoDidNotCountIsForgivenLater() {
        alone();
        unfit = "the secondary has come back with another undo log";
        decides(What.FORGIVE);
        assertThat(decide().later()).isTrue();
    }

    @Test
    void aMachineThatCannotGoOnTakesNobodyIn() {
        alone();
        failure = "a block is damaged";
        decides(What.NOTHING, "a block is damaged");
        failedFor = 1e9;
        decides(What.NOTHING, "a block is damaged");
    }

    /** Its host would lose what it has, and nobody else has it; where another has, that one should go on. */
    @Test
    void aMachineThatFailsForLongLeavesItsHostWhereAnotherGoesOn() {
        guarded();
        cutDue = true;
        every = Duration.ofSeconds(1);
        failure = "a disk fails";
        failedFor = 10;
        decides(What.NOTHING);
        failedFor = 10.1;
        decides(What.END, "the machine cannot go on: a disk fails");
        failoverAfter = null;
        decides(What.NOTHING);
    }

    @Test
    void aMachineThatFailsStaysWhereTheOtherHostIsLost() {
        guarded();
        failure = "a disk fails";
        failedFor = 60;
        silence = 1.3;
        decides(What.GO_ALONE, "silent");
    }

    // ---- Joining.

    @Test
    void aJoinEndsInProtection() {
        joining();
        decides(What.NOTHING);
        take(new Action.LearnCommitted(1, 1));
        decides(What.PROTECT);
    }

    @Test
    void aJoinIsGivenUp() {
        joining();
        silence = 1.2;
        decides(What.NOTHING);
        silence = 1.3;
        decides(What.ABORT_JOIN, Policy.LOST);
        silence = 0.1;
        stateOverdue = "the secondary does not commit checkpoints";
        decides(What.ABORT_JOIN, "does not commit");
        assertThat(decide().later()).isTrue();
        stateOverdue = null;
        unfit = "the secondary is being stopped";
        decides(What.ABORT_JOIN, "being stopped");
        assertThat(decide().later()).isTrue();
        unfit = null;
        take(new Action.LearnCommitted(1, 1));
        joinerChanged = true;
        decides(What.ABORT_JOIN, Policy.LOST);
    }

    @Test
    void aHostWhoseDiskFailsWhileItJoinsIsNotAskedAgainAtOnce() {
        joining();
        heard = beat(Policy.FAILED, false, 9, true);
        decides(What.ABORT_JOIN, "the local storage of the host that was to join failed");
        assertThat(decide().later()).isTrue();
    }

    /** Only what asks for the record waits a little after a refusal. */
    @Test
    void aJoinIsGivenUpAtOnceAlthoughAChangeOfTheRecordWasJustRefused() {
        Stage stage = Stage.joining();
        stage.failing = "compareAndSet";
        stage.host.received(new PeerMessage.Committed(1, 1), Stage.LIFE);
        stage.carryOut();
        assertThat(stage.orders("compareAndSet protected")).hasSize(1);
        assertThat(stage.orders("step NotAgreed")).hasSize(1);
        stage.greeted(8, PeerMessage.Ids.NONE);
        assertThat(stage.orders("step AbortJoin")).hasSize(1);
    }

    // ---- Protected.

    @Test
    void checkpointsAreCutWhenTheyAreDue() {
        guarded();
        cutDue = true;
        undoNear = true;
        decides(What.NOTHING);
        every = Duration.ofMillis(50);
        decides(What.CUT);
        cutDue = false;
        decides(What.CUT);
        undoNear = false;
        decides(What.NOTHING);
        cutDue = true;
        take(new Action.Cut(false));
        decides(What.CUT);
        take(new Action.Cut(false));
        decides(What.NOTHING);
    }

    @Test
    void aSecondaryIsNotWaitedForForEver() {
        guarded();
        silence = 1.2;
        decides(What.NOTHING);
        silence = 1.3;
        decides(What.GO_ALONE, "silent");
        assertThat(decide().later()).isFalse();
        silence = 0.1;
        copyOverdue = true;
        decides(What.GO_ALONE, "does not store copies");
        copyOverdue = false;
        heard = beat(Policy.FAILED, false, 9, false);
        decides(What.GO_ALONE, "local storage of the secondary failed");
        heard = beat("idle", false, 9, true);
        decides(What.GO_ALONE, "lost its checkpoint");
        heard = beat("idle", false, 9, false);
        decides(What.NOTHING);
        stateOverdue = "the secondary cannot take a checkpoint (no room)";
        decides(What.GO_ALONE, "no room");
        assertThat(decide().later()).isTrue();
        stateOverdue = null;
        unfit = "the secondary is being stopped";
        decides(What.GO_ALONE, "being stopped");
        assertThat(decide().later()).isTrue();
    }

    @Test
    void writesWaitForRoomAsLongAsIsConfigured() {
        guarded();
        waitsForRoom = 1000;
        decides(What.NOTHING);
        aloneAfter = Duration.ofSeconds(30);
        decides(What.GO_ALONE, "writes have waited for 30 s");
        waitsForRoom = 30;
        decides(What.NOTHING);
    }
}
