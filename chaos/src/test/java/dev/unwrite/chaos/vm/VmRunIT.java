package dev.unwrite.chaos.vm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unwrite.cli.Exit;
import dev.unwrite.cli.ExitException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code unwrite demo --vm}: two kills and a switchover, and one TCP connection to the guest through all of it; and a campaign. */
@Timeout(300)
class VmRunIT {
    private static final Path PARTS = Path.of("target", "vm");
    private static final String AGAIN = "unwrite demo --vm";

    @TempDir
    Path dir = Path.of("unset");

    /** What returns an exit code. */
    private interface Command {
        int run(Path folder) throws IOException;
    }

    @Test
    void whoTalksToTheGuestNoticesNothingButAPause() throws Exception {
        isValid(folder -> VmRun.play(folder, PARTS, VmPlan.story(1, AGAIN)));
    }

    /** It goes on until each kind of strike was seen. */
    @Test
    void soItIsHoweverItsHostsAreStruck() throws Exception {
        isValid(folder -> VmRun.play(folder, PARTS, VmPlan.campaign(1, Duration.ofSeconds(1), AGAIN)));
    }

    /** What it told to somebody outside, PostgreSQL in the guest still knows. */
    @Test
    void soItIsForADatabase() throws Exception {
        isValid(folder -> VmRun.play(folder, PARTS, VmPlan.database(1, 1, AGAIN)));
    }

    private void isValid(Command command) throws Exception {
        try {
            assertThat(command.run(dir.toAbsolutePath())).isEqualTo(Exit.OK);
        } catch (ExitException e) {
            String message = "SKIPPED: a guest of QEMU in a network: " + e.getMessage();
            System.err.println(message);
            Assumptions.abort(message);
        }
    }
}
