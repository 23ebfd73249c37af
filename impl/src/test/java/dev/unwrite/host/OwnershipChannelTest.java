package dev.unwrite.host;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unwrite.peer.PeerMessage;
import dev.unwrite.protocol.Mode;
import dev.unwrite.protocol.OwnershipRecord;
import dev.unwrite.protocol.Role;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** When the ownership record is read, and how a change ends whose answer is lost. */
class OwnershipChannelTest {
    private static int reads(Stage stage) {
        return stage.orders("readRecord").size();
    }

    /** Whose record was read just now. */
    private static Stage justRead() {
        Stage stage = Stage.alone();
        stage.host.ownership.look();
        stage.carryOut();
        return stage;
    }

    @Test
    void theRecordIsReadTwiceASecond() {
        Stage stage = justRead();
        stage.isGivenAfter(500, "readRecord");
        stage.isGivenAfter(500, "readRecord");
    }

    @Test
    void aHostThatIsBeingStoppedReadsItTenTimesASecond() {
        Stage stage = justRead();
        int before = reads(stage);
        stage.host.ownership.lookOften();
        stage.carryOut();
        assertThat(reads(stage)).isEqualTo(before + 1);
        stage.isGivenAfter(100, "readRecord");
    }

    @Test
    void aRecordThatCannotBeReadIsAskedForAgainAfterATenthOfASecond() {
        Stage stage = justRead();
        stage.failing = "readRecord";
        stage.goesBy(500);
        assertThat(stage.host.picture().storageAnswers()).isFalse();
        assertThat(stage.host.picture().note()).isEqualTo("the connection broke");
        stage.isGivenAfter(100, "readRecord");
        stage.failing = null;
        stage.goesBy(100);
        assertThat(stage.host.picture().storageAnswers()).isTrue();
        assertThat(stage.host.picture().note()).isEmpty();
    }

    @Test
    void oneRequestForTheRecordIsUnderWayAtATime() {
        Stage stage = justRead();
        stage.late = "readRecord";
        stage.goesBy(500);
        int before = reads(stage);
        Stage.Asked<OwnershipRecord> fresh = new Stage.Asked<>();
        stage.host.ownership.fresh(fresh);
        stage.goesBy(2_000);
        assertThat(reads(stage)).isEqualTo(before);
        assertThat(stage.host.ownership.nextRead()).isEqualTo(Long.MAX_VALUE);
        assertThat(stage.host.ownership.isFreshWanted()).isTrue();
        stage.answerLate();
        assertThat(reads(stage))
                .as("what was asked for before does not count as fresh")
                .isGreaterThan(before);
        assertThat(fresh.isDone()).isTrue();
        assertThat(stage.host.ownership.isFreshWanted()).isFalse();
    }

    @Test
    void whoWantsAFreshRecordIsToldThatItCannotBeRead() {
        Stage stage = justRead();
        stage.failing = "readRecord";
        Stage.Asked<OwnershipRecord> fresh = new Stage.Asked<>();
        stage.host.ownership.fresh(fresh);
        stage.carryOut();
        assertThat(fresh.trouble).isSameAs(stage.trouble);
        assertThat(stage.host.ownership.isFreshWanted()).isFalse();
    }

    @Test
    void itIsKnownForHowLongTheStorageHasAnsweredAndForHowLongNot() {
        Stage stage = justRead();
        OwnershipChannel channel = stage.host.ownership;
        long answered = channel.answersNanos();
        stage.goesBy(100);
        assertThat(channel.answersNanos() - answered).isEqualTo(100_000_000);
        assertThat(channel.silentNanos()).isZero();
        stage.failing = "readRecord";
        stage.goesBy(500);
        assertThat(channel.answersNanos()).isZero();
        assertThat(channel.silentNanos()).isZero();
        stage.goesBy(300);
        stage.goesBy(300);
        assertThat(channel.silentNanos()).as("since the first of them").isEqualTo(600_000_000);
        stage.failing = null;
        stage.goesBy(100);
        assertThat(channel.silentNanos()).isZero();
        stage.goesBy(20);
        assertThat(channel.answersNanos()).isEqualTo(20_000_000);
    }

    @Test
    void anOlderRecordThanTheOneThatIsKnownSaysNothing() {
        Stage stage = Stage.alone();
        OwnershipRecord known = stage.record;
        stage.host.ownership.seen(
                new OwnershipRecord(known.version() - 1, known.term() + 5, "B", OwnershipRecord.Mode.SOLO, "", 0));
        assertThat(stage.host.ownership.record()).isEqualTo(known);
        assertThat(stage.is(Role.PRIMARY, Mode.SOLO)).isTrue();
        stage.host.ownership.seen(
                new OwnershipRecord(known.version() + 1, known.term() + 5, "B", OwnershipRecord.Mode.SOLO, "", 0));
        assertThat(stage.host.state().role()).isEqualTo(Role.IDLE);
        assertThat(stage.log).contains("steps down: the record is solo, term 6, owner B");
    }

    @ParameterizedTest
    @EnumSource(
            value = Trouble.Kind.class,
            names = {"WRONG_IDENTITY", "NAME_IN_USE"})
    void aStorageThatThisHostDoesNotBelongToEndsIt(Trouble.Kind kind) {
        for (String order : List.of("readRecord", "open 1")) {
            Stage stage = new Stage("A", true, null, List.of());
            stage.failing = order;
            stage.trouble = new Trouble(kind, "not here");
            stage.host.start();
            stage.settle();
            assertThat(stage.ended).as(order).isEqualTo("not here");
        }
    }

    // ---- A claim of which the answer is lost.

    /** A host that claims the group; the storage has made the change or not, and the answer, which is not there yet, is lost. */
    private static Stage claims(boolean wasMade) {
        Stage stage = new Stage("A", true, null, List.of());
        stage.failing = "compareAndSet";
        stage.failsAfterwards = wasMade;
        stage.late = "compareAndSet";
        stage.host.start();
        stage.carryOut();
        stage.failing = null;
        return stage;
    }

    @Test
    void aClaimWhoseAnswerIsLostIsFoundInAnotherSession() {
        Stage stage = claims(true);
        stage.answerLate();
        assertThat(stage.orders("open 1", "compareAndSet", "close", "discardAll", "run"))
                .containsExactly("close 1", "open 1", "compareAndSet solo", "close 2", "open 1", "discardAll", "run");
        assertThat(stage.is(Role.PRIMARY, Mode.SOLO)).isTrue();
        assertThat(stage.host.state().session()).isEqualTo(3);
    }

    @Test
    void aClaimThatWasNotMadeIsMadeAgain() {
        Stage stage = claims(false);
        stage.answerLate();
        assertThat(stage.orders("open 1", "compareAndSet", "close"))
                .startsWith("close 1", "open 1", "compareAndSet solo", "close 2", "open 1", "close 3");
        assertThat(stage.host.state().proposal()).isNull();
        stage.settle();
        assertThat(stage.is(Role.PRIMARY, Mode.SOLO)).isTrue();
    }

    @Test
    void whetherAClaimWasMadeIsAskedUntilItIsKnown() {
        Stage stage = claims(true);
        stage.failing = "open 1";
        stage.answerLate();
        int before = stage.orders("open 1").size();
        stage.goesBy(99);
        assertThat(stage.orders("open 1")).hasSize(before);
        stage.goesBy(1);
        assertThat(stage.orders("open 1")).hasSize(before + 1);
        assertThat(stage.host.picture().note()).contains("the connection broke");
        stage.failing = null;
        stage.goesBy(100);
        assertThat(stage.is(Role.PRIMARY, Mode.SOLO)).isTrue();
    }

    @Test
    void aHostThatHasEndedMeanwhileKeepsNoSession() {
        Stage stage = claims(true);
        stage.host.end("enough");
        stage.answerLate();
        assertThat(stage.orders("close")).containsExactly("close 1", "close 2", "close 3");
        assertThat(stage.orders("run")).isEmpty();
    }

    @Test
    void aHostThatHasEndedBeforeItHadASessionClaimsNothing() {
        Stage stage = new Stage("A", true, null, List.of());
        stage.late = "open";
        stage.host.start();
        stage.carryOut();
        stage.answerLate("open 1");
        assertThat(stage.orders("open")).containsExactly("open 0", "open 1");
        stage.host.end("enough");
        stage.answerLate();
        assertThat(stage.orders("compareAndSet")).isEmpty();
        assertThat(stage.record).isEqualTo(OwnershipRecord.INITIAL);
    }

    @Test
    void aGroupThatAnotherHostHasClaimedMeanwhileIsKnownToBeItsOwn() {
        Stage stage = new Stage("A", true, null, List.of());
        stage.late = "compareAndSet";
        stage.host.start();
        stage.carryOut();
        stage.neverAnswers = "readRecord";
        stage.record = new OwnershipRecord(1, 1, "B", OwnershipRecord.Mode.SOLO, "", 0);
        stage.answerLate();
        assertThat(stage.host.picture().record()).isEqualTo(stage.record);
        assertThat(stage.host.state().role()).isEqualTo(Role.IDLE);
        assertThat(stage.orders("close")).containsExactly("close 1", "close 2");
    }

    @Test
    void aGroupThatCouldNotBeClaimedIsClaimedWhenItCanBe() {
        Stage stage = new Stage("A", true, null, List.of());
        stage.failing = "open 1";
        stage.host.start();
        stage.carryOut();
        assertThat(stage.host.picture().note()).isEqualTo("no session: the connection broke");
        stage.failing = null;
        stage.settle();
        assertThat(stage.is(Role.PRIMARY, Mode.SOLO)).isTrue();
    }

    @Test
    void aClaimThatIsNotAllowedByNowKeepsNoSession() {
        Stage stage = Stage.secondary();
        stage.record = new OwnershipRecord(3, 1, "A", OwnershipRecord.Mode.SOLO, "", 1);
        Stage.Asked<Answers.FailedOver> asked = failover(stage);
        assertThat(text(asked)).contains("the record does not say that this host protects term 1");
        assertThat(stage.orders("open 2", "close 2", "compareAndSet")).containsExactly("open 2", "close 2");
    }

    @ParameterizedTest
    @EnumSource(
            value = Trouble.Kind.class,
            names = {"WRONG_IDENTITY", "LOST"})
    void whoOrdersATakeoverIsToldWhyThereIsNoSessionForIt(Trouble.Kind kind) {
        Stage stage = Stage.secondary();
        stage.failing = "open 2";
        stage.trouble = new Trouble(kind, "not here");
        boolean forEver = kind == Trouble.Kind.WRONG_IDENTITY;
        assertThat(text(failover(stage))).isEqualTo("no failover: " + (forEver ? "not here" : "no session: not here"));
        assertThat(stage.ended != null).isEqualTo(forEver);
    }

    private static Stage.Asked<Answers.FailedOver> failover(Stage stage) {
        Stage.Asked<Answers.FailedOver> asked = new Stage.Asked<>();
        stage.host.failover(false, Duration.ofSeconds(30), asked);
        stage.carryOut();
        return asked;
    }

    private static String text(Stage.Asked<?> asked) {
        return Objects.requireNonNull(asked.trouble).text();
    }

    /** Nothing is due then but this. */
    @Test
    void aTakeoverReadsTheRecordAtOnce() {
        Stage stage = Stage.secondary();
        stage.goesBy(2_000);
        int before = reads(stage);
        stage.pass(Duration.ofMillis(1));
        stage.host.tick();
        assertThat(reads(stage)).isEqualTo(before + 1);
        stage.carryOut();
        assertThat(stage.orders("compareAndSet roll")).hasSize(1);
    }

    // ---- A change by the owner.

    private static OwnershipRecord takenOver(Stage stage, int versions) {
        return new OwnershipRecord(
                stage.record.version() + versions, 2, "B", OwnershipRecord.Mode.ROLLBACK, "", stage.record.base());
    }

    @Test
    void whatWasAgreedIsKnownWithoutReadingIt() {
        Stage stage = Stage.guarded();
        stage.neverAnswers = "readRecord";
        stage.peerSays = null;
        stage.settle();
        stage.settle();
        assertThat(stage.is(Role.PRIMARY, Mode.SOLO)).isTrue();
        assertThat(stage.host.picture().record()).isEqualTo(stage.record);
        Stage claimed = new Stage("A", true, null, List.of());
        claimed.neverAnswers = "readRecord";
        claimed.host.start();
        claimed.carryOut();
        assertThat(claimed.is(Role.PRIMARY, Mode.SOLO)).isTrue();
        assertThat(claimed.host.picture().record()).isEqualTo(claimed.record);
    }

    /** A guarded host whose secondary is given up, which the storage has not answered yet. */
    private static Stage asksToBeAlone() {
        Stage stage = Stage.guarded();
        stage.late = "compareAndSet";
        stage.host.received(new PeerMessage.Leaving(1), Stage.LIFE);
        stage.carryOut();
        assertThat(stage.orders("compareAndSet solo")).hasSize(2);
        return stage;
    }

    @Test
    void anOwnerThatIsRefusedStepsDownForTheOneThatTheRecordNames() {
        Stage stage = asksToBeAlone();
        stage.record = takenOver(stage, 1);
        stage.goesBy(500);
        assertThat(stage.host.picture().record()).isEqualTo(stage.record);
        assertThat(stage.host.state().role()).as("before it is decided").isEqualTo(Role.PRIMARY);
        stage.neverAnswers = "readRecord";
        stage.answerLate();
        assertThat(stage.host.state().role()).isEqualTo(Role.IDLE);
        assertThat(stage.orders("step NotAgreed", "step StepDown", "stop"))
                .containsExactly("step NotAgreed", "step StepDown", "stop");
    }

    @Test
    void anOwnerThatIsRefusedAsksAgainALittleLater() {
        Stage stage = asksToBeAlone();
        stage.record = stage.record.withVersion(stage.record.version() + 1);
        stage.answerLate();
        assertThat(stage.is(Role.PRIMARY, Mode.PROTECTED)).isTrue();
        assertThat(stage.host.state().proposal()).isNull();
    }

    @Test
    void aNewerRecordThanTheOneThatWasAgreedIsNotForgotten() {
        Stage stage = asksToBeAlone();
        OwnershipRecord newer = takenOver(stage, 2);
        stage.host.ownership.seen(newer);
        stage.neverAnswers = "readRecord";
        stage.answerLate();
        assertThat(stage.orders("step GoAlone")).hasSize(1);
        assertThat(stage.host.picture().record()).isEqualTo(newer);
    }

    @Test
    void anOwnerStepsDownForTheOneThatItsNextSessionNames() {
        Stage stage = Stage.alone();
        stage.neverAnswers = "readRecord";
        stage.record = takenOver(stage, 3);
        stage.host.hungUp(2, stage.trouble);
        stage.carryOut();
        stage.goesBy(100);
        assertThat(stage.host.state().role()).isEqualTo(Role.IDLE);
        assertThat(stage.orders("stop")).hasSize(1);
    }

    @Test
    void aPrimaryBelievesWhatTheRecordSaysOfIt() {
        Stage stage = Stage.guarded();
        OwnershipRecord now = stage.record;
        stage.host.ownership.seen(
                new OwnershipRecord(now.version() + 1, now.term(), "A", OwnershipRecord.Mode.SOLO, "", 1));
        assertThat(stage.is(Role.PRIMARY, Mode.SOLO)).isTrue();
    }
}
