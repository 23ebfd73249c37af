package dev.unwrite.chaos.vm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unwrite.cli.Exit;
import dev.unwrite.cli.ExitException;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code unwrite demo --vm}: two kills and a switchover, and one TCP connection to the guest through all of it. */
@Timeout(300)
class VmRunIT {
    @TempDir
    Path dir = Path.of("unset");

    @Test
    void whoTalksToTheGuestNoticesNothingButAPause() throws Exception {
        try {
            assertThat(VmRun.demo(dir.toAbsolutePath(), Path.of("target", "vm"), 1))
                    .isEqualTo(Exit.OK);
        } catch (ExitException e) {
            String message = "SKIPPED: a guest of QEMU in a network: " + e.getMessage();
            System.err.println(message);
            Assumptions.abort(message);
        }
    }
}
