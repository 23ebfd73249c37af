package dev.unwrite.machine.qemu;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Who hangs, and who only waits for a disk. */
class SilenceTest {
    private final Silence silence = new Silence(Duration.ofSeconds(2));

    /** How often it is asked until its main loop counts as hung; 0 if it never does. */
    private int asksUntilHung(boolean answers, boolean asks) {
        for (int i = 1; i < 1000; i++) {
            if (silence.goesOn(true, answers, asks)) {
                return i;
            }
        }
        return 0;
    }

    @Test
    void aMainLoopThatIsSilentHangs() {
        assertThat(asksUntilHung(false, false)).isEqualTo(7);
        assertThat(silence.words()).isEqualTo("QEMU's main loop does not answer for 14 s");
        assertThat(silence.isOfAll()).isFalse();
        assertThat(asksUntilHung(false, false)).as("it is said once").isZero();
    }

    @Test
    void oneThatAnswersDoesNot() {
        assertThat(asksUntilHung(true, false)).isZero();
    }

    /** It stops once the disk has answered, and has its time from then on. */
    @Test
    void oneWhoseDiskIsSlowDoesNot() {
        for (int i = 0; i < 6; i++) {
            assertThat(silence.goesOn(true, false, false)).isFalse();
        }
        assertThat(asksUntilHung(false, true)).isZero();
        assertThat(asksUntilHung(false, false)).isEqualTo(7);
    }

    @Test
    void oneThatSaysNothingAtAllHangsWhateverItsDiskDoes() {
        for (int i = 0; i < 4; i++) {
            assertThat(silence.goesOn(false, false, true)).isFalse();
            assertThat(silence.isOfAll()).isFalse();
        }
        assertThat(silence.goesOn(false, false, true)).isFalse();
        assertThat(silence.isOfAll()).isTrue();
        assertThat(silence.words()).isEqualTo("QEMU does not answer for 10 s");
    }

    @Test
    void oneAnswerIsEnough() {
        for (int i = 0; i < 100; i++) {
            boolean answers = i % 5 == 4;
            assertThat(silence.goesOn(answers, answers, false)).isFalse();
            assertThat(silence.isOfAll()).isFalse();
        }
    }
}
