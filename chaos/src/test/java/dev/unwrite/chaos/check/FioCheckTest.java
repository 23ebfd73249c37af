package dev.unwrite.chaos.check;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unwrite.chaos.ledger.Operation.Outcome;
import dev.unwrite.chaos.volume.VolumeEvent;
import dev.unwrite.chaos.volume.VolumeEvent.Kind;
import dev.unwrite.chaos.volume.VolumeState;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * fio writes pass 1, whose checkpoint is epoch 2, and is cut off in the middle of pass 2. Host B takes over in term 2 and goes
 * back to the epoch that each test says.
 */
class FioCheckTest {
    private final List<VolumeEvent> events = new ArrayList<>();
    private long now;

    private void firstLife() {
        add(Kind.READ, 1, 0, 0, Outcome.OK);
        add(Kind.WRITE, 1, 1, 0, Outcome.OK);
        add(Kind.FLUSH, 1, 1, 0, Outcome.OK);
        add(Kind.CHECKPOINT, 1, 1, 2, Outcome.OK);
        add(Kind.READ, 1, 1, 0, Outcome.OK);
        add(Kind.WRITE, 1, 2, 0, Outcome.INFO);
    }

    @Test
    void thePassOfTheCheckpointIsValid() {
        firstLife();
        add(Kind.READ, 2, 1, 0, Outcome.INFO);
        add(Kind.READ, 2, 1, 0, Outcome.OK);
        add(Kind.END, 2, 1, 0, Outcome.OK);
        CheckResult result = backTo(2);
        assertThat(result.verdict()).as(result.toString()).isEqualTo(Verdict.VALID);
        assertThat(result.evidence())
                .anyMatch(line -> line.contains("after 1 takeovers"))
                .anyMatch(line -> line.contains("1 verifications were cut off"));
    }

    @Test
    void anotherBlockAfterATakeoverIsInvalid() {
        firstLife();
        add(Kind.READ, 2, 1, 0, Outcome.FAIL);
        add(Kind.END, 2, 1, 0, Outcome.OK);
        wrong(backTo(2), "went back to epoch 2, and the volume is not pass 1, which the state names: offset=4096");
    }

    @Test
    void theSameAfterACommandWithoutAnAnswerIsInvalid() {
        firstLife();
        add(Kind.CHECKPOINT, 1, 2, 0, Outcome.INFO);
        add(Kind.READ, 2, 2, 0, Outcome.FAIL);
        add(Kind.END, 2, 2, 0, Outcome.OK);
        wrong(backTo(3), "the volume is not pass 2");
    }

    @Test
    void aCutOfAJoinInTheMiddleOfAPassShowsNothing() {
        firstLife();
        add(Kind.READ, 2, 1, 0, Outcome.FAIL);
        add(Kind.END, 2, 3, 0, Outcome.OK);
        CheckResult result = backTo(3);
        assertThat(result.verdict()).isEqualTo(Verdict.UNKNOWN);
        assertThat(result.evidence()).anyMatch(line -> line.contains("1 into the middle of a pass"));
    }

    @Test
    void aStateFromBeforeTheCommittedOneIsInvalid() {
        firstLife();
        add(Kind.READ, 2, 0, 0, Outcome.OK);
        add(Kind.END, 2, 0, 0, Outcome.OK);
        wrong(backTo(1), "the state names pass 0, and the checkpoint of pass 1 (epoch 2) was committed before");
    }

    @Test
    void theCutOfAJoinCarriesNoStateAndIsNotTakenForAnOldOne() {
        firstLife();
        add(Kind.READ, 2, 0, 0, Outcome.FAIL);
        add(Kind.END, 2, 3, 0, Outcome.OK);
        CheckResult result = backTo(3);
        assertThat(result.verdict()).as(result.toString()).isEqualTo(Verdict.UNKNOWN);
    }

    @Test
    void aTornStateIsInvalid() {
        firstLife();
        add(Kind.READ, 2, -1, 0, Outcome.FAIL);
        add(Kind.END, 2, 3, 0, Outcome.OK);
        wrong(backTo(3), "the volume is not pass -1");
    }

    @Test
    void whatIsLostWithinALifeIsInvalid() {
        firstLife();
        add(Kind.READ, 2, 1, 0, Outcome.OK);
        add(Kind.WRITE, 2, 3, 0, Outcome.OK);
        add(Kind.READ, 2, 3, 0, Outcome.FAIL);
        add(Kind.END, 2, 3, 0, Outcome.OK);
        wrong(backTo(2), "pass 3 was written and flushed, and is not there any more");
    }

    @Test
    void whatIsLostAtTheEndIsInvalid() {
        firstLife();
        add(Kind.READ, 2, 1, 0, Outcome.OK);
        add(Kind.END, 2, 1, 0, Outcome.FAIL);
        wrong(backTo(2), "pass 1 was written and flushed, and is not there any more");
    }

    @Test
    void withoutALastLookItIsUnknown() {
        firstLife();
        add(Kind.READ, 2, 1, 0, Outcome.OK);
        add(Kind.END, 2, 1, 0, Outcome.INFO);
        assertThat(backTo(2).verdict()).isEqualTo(Verdict.UNKNOWN);
    }

    @Test
    void takeoversOfAnEmptyVolumeShowNothing() {
        add(Kind.READ, 1, 0, 0, Outcome.OK);
        add(Kind.READ, 2, 0, 0, Outcome.OK);
        add(Kind.END, 2, 0, 0, Outcome.OK);
        assertThat(backTo(1).verdict()).isEqualTo(Verdict.UNKNOWN);
    }

    @Test
    void aStartFromTheDiskHandsNoStateBack() {
        firstLife();
        add(Kind.READ, 2, 1, 0, Outcome.FAIL);
        add(Kind.END, 2, 3, 0, Outcome.OK);
        CheckResult result = FioCheck.check(events, List.of(change(1, "protected", 1), change(2, "solo", 2)));
        assertThat(result.verdict()).isEqualTo(Verdict.UNKNOWN);
    }

    private CheckResult backTo(long epoch) {
        return FioCheck.check(
                events,
                List.of(
                        change(1, "solo", 0),
                        change(1, "protected", 1),
                        change(2, "rollback", epoch),
                        change(2, "solo", epoch)));
    }

    private static void wrong(CheckResult result, String evidence) {
        assertThat(result.verdict()).as(result.toString()).isEqualTo(Verdict.INVALID);
        assertThat(result.evidence()).anyMatch(line -> line.contains(evidence));
    }

    private static StorageHistory.Change change(long term, String mode, long base) {
        return new StorageHistory.Change(term * 1_000, term, term == 1 ? "A" : "B", mode, "", base);
    }

    private void add(Kind op, long term, long pass, long epoch, Outcome outcome) {
        now += 10;
        List<String> wrong = outcome == Outcome.FAIL ? List.of("offset=4096") : List.of();
        String state = op == Kind.CHECKPOINT ? VolumeState.line(pass, pass + 1) : null;
        events.add(new VolumeEvent(
                op,
                "fio",
                term == 1 ? "A" : "B",
                term,
                pass,
                0,
                4,
                epoch,
                now,
                now + 5,
                outcome,
                false,
                false,
                List.of(),
                wrong,
                state,
                null));
    }
}
