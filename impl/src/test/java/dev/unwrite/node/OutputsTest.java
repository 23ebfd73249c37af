package dev.unwrite.node;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What was said leaves in order, and only when it is covered. */
class OutputsTest {
    private final Outputs outputs = new Outputs();
    private final List<String> left = new ArrayList<>();

    @BeforeEach
    void open() {
        outputs.open();
    }

    private void say(String what) {
        outputs.say(() -> left.add(what));
    }

    @Test
    void onlyWhatACheckpointCoversLeaves() {
        say("a");
        outputs.release(7);
        assertThat(left).isEmpty();
        outputs.seal(2);
        say("b");
        outputs.release(1);
        assertThat(left).isEmpty();
        outputs.release(2);
        assertThat(left).containsExactly("a");
        outputs.seal(3);
        outputs.release(2);
        assertThat(left).containsExactly("a");
        outputs.release(3);
        assertThat(left).containsExactly("a", "b");
        assertThat(outputs.isEmpty()).isTrue();
    }

    @Test
    void aLaterCommitCoversEarlierOnes() {
        say("a");
        outputs.seal(2);
        say("b");
        outputs.seal(3);
        say("c");
        outputs.release(3);
        assertThat(left).containsExactly("a", "b");
    }

    @Test
    void aMachineThatIsAloneLetsGoOfAll() {
        say("a");
        outputs.seal(2);
        say("b");
        outputs.releaseAll();
        assertThat(left).containsExactly("a", "b");
        assertThat(outputs.releasedTotal()).isEqualTo(2);
    }

    @Test
    void whatIsDroppedNeverLeaves() {
        say("a");
        outputs.seal(2);
        say("b");
        outputs.drop();
        say("c");
        outputs.open();
        outputs.release(Long.MAX_VALUE);
        outputs.releaseAll();
        assertThat(left).isEmpty();
        say("d");
        outputs.releaseAll();
        assertThat(left).containsExactly("d");
        assertThat(outputs.heldTotal()).isEqualTo(3);
    }
}
