package dev.unwrite.host;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unwrite.protocol.Extent;
import dev.unwrite.protocol.Mode;
import dev.unwrite.protocol.OwnershipRecord;
import dev.unwrite.protocol.Role;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a host does before it decides anything: it ends its former lives, and finds out what it belongs to. */
class HostStartTest {
    private static Stage starts(String failing, Trouble.Kind kind) {
        Stage stage = new Stage("A", true, null, List.of());
        stage.failing = failing;
        stage.trouble = new Trouble(kind, "not now");
        stage.host.start();
        stage.carryOut();
        return stage;
    }

    @Test
    void aHostThatCannotEndItsFormerLivesDecidesNothingAndTriesAgain() {
        Stage stage = starts("open 0", Trouble.Kind.LOST);
        assertThat(stage.orders("open")).hasSize(1);
        stage.goesBy(99);
        assertThat(stage.orders("open")).hasSize(1);
        stage.goesBy(1);
        assertThat(stage.orders("open", "readRecord")).containsExactly("open 0", "open 0");
        assertThat(stage.host.picture().note()).isEqualTo("not now");
        assertThat(stage.log).as("said once").containsExactly("trouble: not now");
        stage.failing = null;
        stage.neverAnswers = "readRecord";
        stage.settle();
        assertThat(stage.is(Role.PRIMARY, Mode.SOLO)).isTrue();
        assertThat(stage.host.picture().note()).isEmpty();
        assertThat(stage.orders("open", "close")).containsExactly("open 0", "open 0", "open 0", "close 1", "open 1");
    }

    @Test
    void aHostThatHasNotReadTheRecordYetKnowsItFromItsFirstSession() {
        Stage stage = new Stage("A", true, null, List.of());
        stage.record = new OwnershipRecord(7, 3, "B", OwnershipRecord.Mode.SOLO, "", 0);
        stage.neverAnswers = "readRecord";
        stage.host.start();
        stage.settle();
        assertThat(stage.host.picture().record()).isEqualTo(stage.record);
        assertThat(stage.orders("open", "compareAndSet"))
                .as("it claims nothing")
                .containsExactly("open 0");
    }

    @ParameterizedTest
    @EnumSource(
            value = Trouble.Kind.class,
            names = {"WRONG_IDENTITY", "NO_STORAGE"})
    void aHostThatHasNoPlaceThereEndsAtOnce(Trouble.Kind kind) {
        assertThat(starts("open 0", kind).ended).isEqualTo("not now");
    }

    /** Its former life, which was killed, may count as alive for a while. */
    @Test
    void aNameThatIsInUseIsWaitedForForTenSeconds() {
        Stage stage = starts("open 0", Trouble.Kind.NAME_IN_USE);
        for (int i = 0; i < 10; i++) {
            stage.settle();
        }
        assertThat(stage.ended).isNull();
        stage.goesBy(100);
        assertThat(stage.ended).isEqualTo("not now");
        assertThat(stage.orders("open")).hasSize(102);
    }

    // ---- A folder that is new.

    private static Stage newFolder() {
        return new Stage(
                new HostConfig("A", true, null, Duration.ofSeconds(2), 1 << 20, null, true, "", "folder", "undo"),
                null,
                List.of());
    }

    @Test
    void aNewFolderIsMarkedAsOneOfThisStorageBeforeAnythingIsDecided() {
        Stage stage = newFolder();
        stage.late = "belongsTo";
        stage.host.start();
        stage.settle();
        assertThat(stage.orders("open", "belongsTo", "compareAndSet")).containsExactly("open 0", "belongsTo");
        stage.answerLate();
        assertThat(stage.is(Role.PRIMARY, Mode.SOLO)).isTrue();
    }

    @Test
    void aNewFolderThatCannotBeMarkedIsNotUsed() {
        Stage stage = newFolder();
        stage.failing = "belongsTo";
        stage.host.start();
        stage.settle();
        assertThat(stage.ended).isEqualTo("the connection broke");
        assertThat(stage.orders("compareAndSet")).isEmpty();
    }

    @Test
    void aFolderThatIsMarkedIsNotMarkedAgain() {
        assertThat(Stage.alone().orders("belongsTo")).isEmpty();
    }

    // ---- A machine that starts from its volumes.

    @Test
    void aMachineThatStartsMayReadAndWriteAndIsUnprotectedFromThenOn() {
        Stage stage = new Stage("A", true, null, List.of());
        stage.late = "flush";
        stage.neverAnswers = "coldStart";
        stage.host.start();
        stage.carryOut();
        stage.pass(Duration.ofSeconds(5));
        int reads = stage.orders("readRecord").size();
        stage.answerLate();
        assertThat(stage.orders("coldStart", "run")).containsExactly("coldStart");
        assertThat(stage.host.picture().unprotectedSinceNanos()).isEqualTo(stage.now());
        assertThat(stage.orders("readRecord").size())
                .as("the record is looked at")
                .isGreaterThan(reads);
        Stage.Asked<Done> write = stage.write(0, Extent.BLOCK_BYTES, 1, true);
        stage.carryOut();
        assertThat(write.isDone()).isTrue();
        assertThat(stage.host.picture().running()).isFalse();
    }

    @Test
    void aMachineThatHasStartedAfterItsHostSteppedDownDoesNotRun() {
        Stage stage = new Stage("A", true, null, List.of());
        stage.late = "coldStart";
        stage.host.start();
        stage.carryOut();
        stage.record = new OwnershipRecord(9, 5, "B", OwnershipRecord.Mode.ROLLBACK, "", 1);
        stage.settle();
        stage.answerLate();
        assertThat(stage.orders("coldStart", "stop", "run")).containsExactly("coldStart", "stop");
        assertThat(stage.host.picture().running()).isFalse();
    }
}
